"""The repository of a file that Salt's git has checked out."""

import re
from pathlib import Path

# Salt writes this file into the folder of its checkouts: a line for each, with the name of its folder.
_MAP = "remote_map.txt"
# A user and a password in a URL.
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")


def checkout(file):
    """The repository as Salt's configuration names it, without a login, and the path of the file inside of it.

    Both are None if they are not known.
    """
    path = Path(file).resolve()
    for folder in path.parents:
        if (folder / ".git").exists():
            name = _named(folder)
            return (name, str(path.relative_to(folder))) if name else (None, None)
    return None, None


def _named(folder):
    for above in folder.parents:
        if (above / _MAP).is_file():
            wanted = folder.relative_to(above).parts[0]
            lines = (above / _MAP).read_text(errors="replace").splitlines()
            names = (
                line.removeprefix(f"{wanted} = ")
                for line in lines
                if line.startswith(f"{wanted} = ")
            )
            return next((_LOGIN.sub("", name) for name in names), None)
    return None
