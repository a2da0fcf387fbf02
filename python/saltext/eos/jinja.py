"""A file through Salt's Jinja, with the names that every template of Salt's knows."""

import salt.exceptions
import salt.loader
import salt.utils.templates


def render(path, opts, functions, grains, pillar):
    """The rendered text. Raises with one line of Jinja's, which quotes nothing of the file."""
    try:
        rendered = salt.utils.templates.TEMPLATE_REGISTRY["jinja"](
            path,
            to_str=True,
            opts=opts,
            salt=functions,
            grains=grains,
            pillar=pillar,
            saltenv=opts.get("saltenv") or "base",
        )
    except salt.exceptions.SaltRenderError as error:
        raise ValueError(_lines(error)[0]) from None
    if not rendered["result"]:
        raise ValueError(_lines(rendered["data"])[-1])
    return rendered["data"]


def functions_on_master(opts, grains, pillar, file_client):
    """Execution modules, as on a minion with these grains and this pillar."""
    opts = {**opts, "grains": grains, "pillar": pillar}
    return salt.loader.minion_mods(opts, file_client=file_client)


def _lines(told):
    lines = [line.strip() for line in str(told).splitlines() if line.strip()]
    return lines or ["the template could not be rendered"]
