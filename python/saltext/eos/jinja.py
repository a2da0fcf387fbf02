"""Renders files with Salt's Jinja, with the names that every Salt template has."""

import contextlib
from pathlib import Path

import salt.exceptions
import salt.loader
import salt.utils.templates

from saltext.eos import jinja_faults


def render(path, opts, functions, grains, pillar):
    """The rendered text. An error has Jinja's reason, which quotes no value."""
    context = {
        "opts": opts,
        "salt": functions,
        "grains": grains,
        "pillar": pillar,
        "saltenv": opts.get("saltenv") or "base",
    }
    try:
        text = Path(path).read_text(encoding="utf-8")
        with _unmasked():
            # Salt's registry of templates would also log a traceback of an error.
            return salt.utils.templates.render_jinja_tmpl(text, context)
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    except salt.exceptions.SaltRenderError as error:
        raise ValueError(_reason(error, text)) from None


def functions_on_master(opts, grains, pillar, file_client):
    """The execution modules as a minion with these grains and this pillar has them."""
    opts = {**opts, "grains": grains, "pillar": pillar}
    return salt.loader.minion_mods(opts, file_client=file_client)


@contextlib.contextmanager
def _unmasked():
    """Salt 3008 masks what ``pillar.get`` returns, unless a renderer calls it."""
    try:
        from salt.utils.secret import mask_pillar
    except ImportError:
        yield
        return
    token = mask_pillar.set(False)
    try:
        yield
    finally:
        mask_pillar.reset(token)


def _reason(error, text):
    reason = jinja_faults.why(error, text) or "the template could not be rendered"
    line = error.line_num
    return f"line {line}: {reason}" if isinstance(line, int) and line > 0 else reason
