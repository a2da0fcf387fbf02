"""A file through Salt's Jinja, with the names that every template of Salt's knows."""

import salt.minion
import salt.utils.templates


def render(path, opts, functions, grains, pillar):
    """The rendered text. Raises with Jinja's own last line."""
    rendered = salt.utils.templates.TEMPLATE_REGISTRY["jinja"](
        path,
        to_str=True,
        opts=opts,
        salt=functions,
        grains=grains,
        pillar=pillar,
        saltenv=opts.get("saltenv") or "base",
    )
    if not rendered["result"]:
        raise ValueError(_last_line(rendered["data"]))
    return rendered["data"]


def functions_of_master(opts):
    """Execution modules as the master's own minion has them."""
    minion = salt.minion.MasterMinion(
        opts, returners=False, states=False, rend=False, matcher=False
    )
    return minion.functions


def _last_line(traceback):
    lines = [line.strip() for line in str(traceback).splitlines() if line.strip()]
    return lines[-1] if lines else "the template could not be rendered"
