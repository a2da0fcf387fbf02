"""Where the files of a pillar cannot be rendered. Salt's own error names no line, because the text may have a secret."""

import functools
import logging

from saltext.eos import terminal

# Salt's words, and the name of the logger that has the whole error.
_LOGGER = logging.getLogger("salt.pillar")
_RENDERING = "Rendering SLS '{}' failed"


def compiled(pillar):
    """The data of an object of ``salt.pillar``. Each error of a file that this process renders has its place."""
    found = {}
    if hasattr(pillar, "rend"):
        pillar.rend = _Renderers(pillar.rend, found)
    with terminal.without(_is_told):
        data = pillar.compile_pillar()
    if data.get("_errors"):
        data["_errors"] = [_explained(error, found) for error in data["_errors"]]
    return data


def _explained(error, found):
    for sls, (place, why) in found.items():
        if str(error).startswith(_RENDERING.format(sls)):
            return f"{place} cannot be rendered{why}"
    return error


def _is_told(record):
    """Whether a record of the log is such an error, with a traceback of Salt's renderers."""
    said = record.getMessage() if record.name == _LOGGER.name else ""
    return said.removeprefix("Pillar render error: ").startswith(_RENDERING.partition("{")[0])


class _Renderers:
    """Salt's renderers, which note where one of them fails."""

    def __init__(self, renderers, found):
        self._renderers = renderers
        self._found = found

    def __getitem__(self, name):
        render = self._renderers[name]

        @functools.wraps(render)
        def noted(data, *args, **kwargs):
            try:
                return render(data, *args, **kwargs)
            except Exception as error:
                sls = kwargs.get("sls") or (args[1] if len(args) > 1 else "")
                path = kwargs.get("tmplpath") or sls
                self._found.setdefault(str(sls), (_place(path, error), _why(name, error)))
                raise

        return noted

    def __contains__(self, name):
        return name in self._renderers

    def __getattr__(self, name):
        return getattr(self._renderers, name)


def _place(path, error):
    line = getattr(error, "line_num", None)
    if line is None:
        # Of PyYAML, or of Jinja.
        error = getattr(error, "error", error)
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else getattr(error, "lineno", None)
    return f"{path}, line {line}" if isinstance(line, int) else str(path)


def _why(renderer, error):
    """What PyYAML says, unless it quotes the file: the text there may be a secret."""
    error = getattr(error, "error", error)
    said = getattr(error, "problem", error if isinstance(error, str) else None)
    # `expected ...` quotes only signs of YAML.
    is_plain = isinstance(said, str) and (
        said.startswith("expected ") or not set(said) & set("'\"\n")
    )
    is_plain = is_plain and renderer == "yaml"
    return f": {said[:1].lower()}{said[1:]}" if is_plain else f" by {renderer}"
