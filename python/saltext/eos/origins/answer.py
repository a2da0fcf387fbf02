"""Says which sources of a pillar set the values at some paths, and which of them won."""

from saltext.eos.origins import git, lines
from saltext.eos.origins.compiled import TracedPillar, Unknown
from saltext.eos.origins.marked import origin
from saltext.eos.origins.places import MISSING, at, leaves, text

# The keys of the pillar that Eos reads.
_ROOTS = ("infrastructure", "nomad_service")


def answers(opts, grains, minion, saltenv, known, paths):
    """An answer for each path: ``{"sources": [...], "unknown": None}``.

    ``known``: the pillar that Eos uses. The sources of a value that is different now are not known.

    Each source has ``file`` or ``ext_pillar``, or both for a file of git, ``line`` and ``anchor`` if they are certain, and ``effect``: ``wins``,
    ``part`` with the ``keys`` that it sets, ``overridden``, or ``possible`` if the answer is unknown. Values are never in an answer.
    """
    pillar = TracedPillar(opts, grains, minion, saltenv, pillarenv=opts.get("pillarenv"))
    try:
        compiled = pillar.traced()
        return _Answers(pillar, compiled, known).all([_rooted(path, known) for path in paths])
    finally:
        pillar.destroy()


def _rooted(path, pillar):
    """The path in Salt's pillar. ``nomad_service`` may stand at its top."""
    below = pillar.get(path[0])
    at_top = path[1:2] == ["nomad_service"] and "nomad_service" in pillar
    return path[1:] if at_top and "nomad_service" not in (below or {}) else path


class _Answers:
    def __init__(self, pillar, compiled, known):
        self._pillar = pillar
        self._compiled = compiled
        self._known = known
        self._merged = None
        self._alone = {}

    def all(self, paths):
        try:
            self._merged = self._pillar.merged()
            if any(self._merged.get(root) != self._compiled.get(root) for root in _ROOTS):
                raise Unknown(
                    "an ext_pillar changes the pillar itself, or a renderer has values of its own"
                )
        except Unknown as reason:
            return [self._possible(path, str(reason)) for path in paths]
        self._merge_alone()
        return [self._of(path) for path in paths]

    def _possible(self, path, reason):
        """All sources that may have set the value. None of them is named if they cannot all be known."""
        sources = []
        for number, source in enumerate(self._pillar.sources):
            if source.includes_by_key():
                return {"sources": [], "unknown": reason}
            value, real = at(source.data, path)
            # An ext_pillar may also change the pillar that it gets.
            is_possible = value is not MISSING or not source.file
            if is_possible and source.is_named():
                sources.append(self._source(number, real) | {"effect": "possible"})
        return {"sources": sources, "unknown": reason}

    def _merge_alone(self):
        """Merges each source alone if a file is included below a key: then a path is not the same inside of it."""
        if any(source.includes_by_key() for source in self._pillar.sources):
            for number in self._pillar.outer():
                self._alone[number] = self._pillar.merged(only=number)

    def _of(self, path):
        value, real = at(self._merged, path)
        known, _ = at(self._known, path)
        if value is MISSING or known is MISSING or value != known:
            return self._possible(
                path, "the pillar has another value here each time it is compiled"
            )
        parts = {}
        for below, leaf in leaves(value):
            number = origin(leaf).source if origin(leaf) else None
            parts.setdefault(number, []).append((below, leaf))
        if None in parts:
            return self._possible(
                path, "Salt or an ext_pillar made a part of it from several sources"
            )
        set_by = {} if any(type(key) is int for key in real) else self._set_by(path)
        whole = len(parts) == 1
        sources = []
        for number, found in parts.items():
            place = self._place(number, set_by, found)
            keys = [".".join(map(text, below)) for below, _ in found]
            more = {"effect": "wins"} if whole else {"effect": "part", "keys": keys}
            sources.append(self._source(number, place) | more)
        for number, place in set_by.items():
            if number not in parts and self._pillar.sources[number].is_named():
                sources.append(self._source(number, place) | {"effect": "overridden"})
        return {"sources": sources, "unknown": None}

    def _set_by(self, path):
        """From each source that has a value at the path to the path inside of it."""
        found = {}
        for number, alone in self._alone.items():
            value, _ = at(alone, path)
            if value is not MISSING:
                place = origin(value)
                found[number] = place.path if place and place.source == number else None
        for number, source in enumerate(self._pillar.sources):
            value, real = at(source.data, path)
            if value is not MISSING and number not in self._alone:
                found[number] = real
        return found

    def _place(self, number, set_by, found):
        """The path of the value inside of a source. None if it has no single place there."""
        if len(found) == 1 and not found[0][0]:
            return origin(found[0][1]).path
        # A source may have the value at several places, as YAML's aliases and Salt's includes allow.
        place = set_by.get(number)
        inside = place and all(origin(leaf).path[: len(place)] == place for _, leaf in found)
        return place if inside else None

    def _source(self, number, path):
        source = self._pillar.sources[number]
        line, anchor = None, None
        plain = source.plain_text()
        if plain is not None and path:
            value = source.data
            for key in path:
                value = value[key]
            old = bool(self._pillar.opts.get("use_yamlloader_old"))
            line, anchor = lines.line(plain, path, value, old_loader=old)
        file, repository = source.file, None
        if file and source.ext_pillar:
            # The checkout is a copy that Salt replaces: the file belongs to the repository.
            named, inside = git.checkout(file)
            file, repository = (inside, named) if named else (file, None)
        return {
            "file": file,
            "repository": repository,
            "ext_pillar": source.ext_pillar,
            "position": source.position or None,
            "line": line,
            "anchor": anchor,
        }
