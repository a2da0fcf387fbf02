"""Where the files of a pillar cannot be rendered. Salt's own error names no line, because the text may have a secret."""

import contextlib
import functools
import io
import re

import salt.exceptions

from saltext.eos import jinja_faults, terminal

# Salt's words, and the loggers that say why a pillar cannot be compiled.
_PILLAR = "salt.pillar"
_LOGGERS = {_PILLAR, "salt.template", "salt.utils.templates"}
_RENDERING = "Rendering SLS '{}' failed"
_TOP = "Rendering Primary Top file failed"
_SIGN = re.compile(r"'\W{1,3}'")
_TRACEBACKS = (
    _RENDERING.partition("{")[0],
    "Exception caught loading ext_pillar",
    "Pillar rendering failed for minion",
)


def compiled(pillar):
    """The data of an object of ``salt.pillar``. Each error of a file that this process renders has its place."""
    found = {}
    if hasattr(pillar, "rend"):
        pillar.rend = _Renderers(pillar.rend, found)
    with told() as errors:
        data = pillar.compile_pillar()
        errors.extend(data.get("_errors") or ())
    if errors:
        data["_errors"] = [_explained(error, found) for error in errors]
    return data


@contextlib.contextmanager
def told():
    """While Salt compiles a pillar. Yields a list for its errors, which the log on the terminal then does not repeat."""
    errors = []
    with terminal.held(_LOGGERS, lambda record: _is_told(record, errors)):
        yield errors


def _explained(error, found):
    for sls, (place, why) in found.items():
        # The top file has no name as an SLS.
        if str(error).startswith(_RENDERING.format(sls) if sls else _TOP):
            return f"{place} cannot be rendered{why}"
    return error


def _is_told(record, errors):
    """Whether a record of the log is one of these errors, or has the traceback of one."""
    if not errors:
        return False
    if record.name != _PILLAR:
        cause = record.exc_info[1] if record.exc_info else None
        return cause is None or isinstance(cause, salt.exceptions.SaltRenderError)
    said = record.getMessage().removeprefix("Pillar render error: ")
    return said.startswith(_TRACEBACKS) or any(str(error) in said for error in errors)


class _Renderers:
    """Salt's renderers, which note where one of them fails."""

    def __init__(self, renderers, found):
        self._renderers = renderers
        self._found = found

    def __getitem__(self, name):
        render = self._renderers[name]

        @functools.wraps(render)
        def noted(data, *args, **kwargs):
            # A renderer closes it.
            source = data.getvalue() if isinstance(data, io.StringIO) else None
            try:
                return render(data, *args, **kwargs)
            except Exception as error:
                sls = kwargs.get("sls") or (args[1] if len(args) > 1 else "")
                path = kwargs.get("tmplpath") or sls
                self._found.setdefault(str(sls), (_place(path, error), _why(name, error, source)))
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


def _why(renderer, error, source):
    if renderer == "jinja":
        reason = jinja_faults.why(error, source)
        return f" by jinja: {reason}" if reason else " by jinja"
    reason = _why_yaml(error) if renderer == "yaml" else ""
    return f": {reason}" if reason else f" by {renderer}"


def _why_yaml(error):
    """What PyYAML says, unless it quotes the file: the text there may be a secret."""
    error = getattr(error, "error", error)
    said = getattr(error, "problem", error if isinstance(error, str) else None)
    # `expected ...` quotes only signs of YAML.
    is_plain = isinstance(said, str) and (
        said.startswith("expected ") or not set(_SIGN.sub("", said)) & set("'\"\n")
    )
    return f"{said[:1].lower()}{said[1:]}" if is_plain else ""
