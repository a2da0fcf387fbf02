"""Compiles a pillar once as Salt does, and then merges the same sources again with marks.

Salt itself does both: the order of top files, matches, includes and ext_pillars, and every merge, are its own.
"""

import contextlib
import copy
import threading

import salt.pillar

from saltext.eos.origins.marked import marked, unmarked
from saltext.eos.origins.source import Renderers, Source


class Unknown(Exception):
    """Where values came from cannot be known. The text says why."""


class TracedPillar(salt.pillar.Pillar):
    """Salt's compiler of pillars, which notes each file that it renders and each answer of an ext_pillar."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.sources = []
        # The numbers of files in the order in which Salt rendered them, without those inside of git.
        self._files = []
        self._answers = []
        self._matches = []
        self._position = 0
        self._inside = None
        self._replay = None

    def traced(self):
        """The pillar, compiled as Salt compiles it."""
        with _watching(self._render):
            # Salt clears its own mapping when it compiles again.
            return copy.deepcopy(self.compile_pillar())

    def merged(self, only=None):
        """The same sources merged again, with marks.

        ``only``: the number of a source. All others are then empty.
        """
        self._replay = _Replay(self._files, self._answers, self._matches, only)
        self.pillar_data = {}
        self.ignored_pillars = {}
        try:
            with _watching(self._render):
                return self.compile_pillar()
        finally:
            self._replay = None

    def outer(self):
        """The numbers of the sources that Salt merges itself: files, and the answers of ext_pillars."""
        files = (number for number in self._files if self.sources[number].sls)
        return [*files, *(number for number, _ in self._answers)]

    def _render(self, render, template, renderers, *args, sls="", **kwargs):
        """Takes the place of Salt's function that renders one file."""
        # The parameters between these are the options for renderers, and the Salt environment.
        if len(args) > 4:
            *args, sls = args
        if self._replay:
            return self._replay.file(self.sources, template, sls)
        noted = Renderers(renderers)
        source = Source(file=template, sls=sls, steps=noted.steps)
        number = self._note(source)
        if self._inside:
            source.ext_pillar, source.position = self._inside
        else:
            self._files.append(number)
        data = render(template, noted, *args, sls=sls, **kwargs)
        source.data = copy.deepcopy(data)
        # Only the merge inside of git sees these marks: what git returns loses them again.
        return marked(data, number) if self._inside and sls else data

    def _external_pillar_data(self, pillar, val, key):
        if self._replay:
            return self._replay.answer(self.sources)
        self._position += 1
        source = Source(ext_pillar=key, position=self._position)
        number = self._note(source)
        self._answers.append((number, None))
        self._inside = (key, self._position) if key == "git" else None
        try:
            data = super()._external_pillar_data(pillar, val, key)
        finally:
            self._inside = None
        self._answers[-1] = (number, marked(data, number) if data else None)
        source.data = unmarked(data) if key == "git" else copy.deepcopy(data)
        return copy.deepcopy(source.data)

    def top_matches(self, top, reload=False):
        if self._replay:
            return copy.deepcopy(self._replay.matches)
        self._matches = copy.deepcopy(super().top_matches(top, reload))
        return copy.deepcopy(self._matches)

    def decrypt_pillar(self, pillar):
        return [] if self._replay else super().decrypt_pillar(pillar)

    def _note(self, source):
        self.sources.append(source)
        return len(self.sources) - 1


class _Replay:
    """Gives the sources once more, in the same order."""

    def __init__(self, files, answers, matches, only):
        self._files = iter(files)
        self._answers = iter(answers)
        self.matches = matches
        self._only = only

    def file(self, sources, template, sls):
        number = next(self._files, None)
        source = None if number is None else sources[number]
        if source is None or (source.file, source.sls) != (template, sls):
            raise Unknown("Salt did not merge the pillar in the same order again")
        if not sls:
            return copy.deepcopy(source.data)
        if self._only in (None, number):
            return marked(source.data, number)
        # Its includes still lead to other files.
        data = source.data if isinstance(source.data, dict) else {}
        return {key: copy.deepcopy(value) for key, value in data.items() if key == "include"}

    def answer(self, sources):
        number, data = next(self._answers, (None, None))
        return copy.deepcopy(data) if self._only in (None, number) else None


@contextlib.contextmanager
def _watching(watcher):
    """Calls of Salt's function that renders a pillar file go through the watcher, if this thread makes them.

    Salt's ``git`` makes compilers of its own, so a method of this compiler would not see its files.
    """
    original, thread = salt.pillar.compile_template, threading.get_ident()

    def render(*args, **kwargs):
        if threading.get_ident() != thread:
            return original(*args, **kwargs)
        return watcher(original, *args, **kwargs)

    salt.pillar.compile_template = render
    # The pillar that Eos uses was compiled before, and Salt has logged all of this.
    was_disabled, salt.pillar.log.disabled = salt.pillar.log.disabled, True
    try:
        yield
    finally:
        salt.pillar.log.disabled = was_disabled
        salt.pillar.compile_template = original
