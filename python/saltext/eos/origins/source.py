"""One source of a pillar: a file as Salt rendered it, or what an ext_pillar returned."""

import functools
import io
from dataclasses import dataclass, field

# The renderers of a file whose lines are those of its data.
_PLAIN = (["yaml"], ["jinja", "yaml"])


@dataclass
class Step:
    """One renderer of a file, and the text that it got. None if it got no text."""

    renderer: str
    argument: str
    given: str | None


@dataclass
class Source:
    """``data``: what the file or the ext_pillar gave, without marks.

    ``sls``: the name of the file in a top file. Empty for a top file, and for an ext_pillar.
    ``ext_pillar``: the name of the ext_pillar that gave the data or, for git, that contains the file.
    ``position``: its place in the option ``ext_pillar``, from 1.
    """

    data: object = None
    file: str | None = None
    sls: str = ""
    ext_pillar: str | None = None
    position: int = 0
    steps: list = field(default_factory=list)

    def plain_text(self):
        """The text of a YAML file in which Jinja changed nothing. None for any other file."""
        names = [step.renderer for step in self.steps]
        if names not in _PLAIN or any(step.argument for step in self.steps):
            return None
        texts = [step.given for step in self.steps]
        if None in texts or len(set(map(_without_line_ends, texts))) > 1:
            return None
        return texts[-1]

    def is_named(self):
        """Whether a person can be sent there. A top file has no values, and git's values are in its files."""
        return bool(self.sls) if self.file else self.ext_pillar != "git"

    def includes_by_key(self):
        """Whether the file includes another one below a key."""
        includes = self.data.get("include") if isinstance(self.data, dict) else None
        entries = includes if isinstance(includes, list) else []
        return any(isinstance(entry, dict) for entry in entries)


def _without_line_ends(text):
    """Jinja removes the last line break, and writes all others as Unix does."""
    return text.replace("\r\n", "\n").rstrip("\n")


class Renderers:
    """Salt's renderers, which note what each of them gets."""

    def __init__(self, renderers):
        self._renderers = renderers
        self.steps = []

    def __getitem__(self, name):
        render = self._renderers[name]

        @functools.wraps(render)
        def noted(data, *args, **kwargs):
            given = data.getvalue() if isinstance(data, io.StringIO) else None
            self.steps.append(Step(name, kwargs.get("argline", ""), given))
            return render(data, *args, **kwargs)

        return noted

    def __contains__(self, name):
        return name in self._renderers

    def __getattr__(self, name):
        return getattr(self._renderers, name)
