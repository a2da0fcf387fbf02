"""The pillar of a branch: another Salt environment, or folders of a checkout. Its plans are never applied."""

import os
from dataclasses import dataclass

from saltext.eos import _core, git

# Each folder takes the place of an environment.
_ENVIRONMENTS = ("pillarenv", "saltenv")
_FOLDERS = ("pillar_root", "file_root")
ARGUMENTS = (*_ENVIRONMENTS, *_FOLDERS)


@dataclass(frozen=True)
class Branch:
    """What a call asks for. ``problems``: why it cannot have it."""

    pillarenv: str | None = None
    saltenv: str | None = None
    pillar_root: str | None = None
    file_root: str | None = None
    problems: tuple = ()

    def options(self, opts):
        """Salt's options, with which the pillar is compiled and files are read."""
        chosen = {key: getattr(self, key) for key in _ENVIRONMENTS if getattr(self, key)}
        # Salt would take the saltenv for the pillarenv.
        chosen |= {"pillarenv_from_saltenv": False} if self.pillarenv else {}
        if self.pillar_root:
            chosen |= {
                "pillar_roots": {"base": [self.pillar_root]},
                "pillarenv": None,
                "pillarenv_from_saltenv": False,
                # The same pillar in git would be merged over the folder.
                "ext_pillar": [one for one in opts.get("ext_pillar") or () if "git" not in one],
            }
        if self.file_root:
            chosen |= {
                "file_roots": {"base": [self.file_root]},
                "fileserver_backend": ["roots"],
                "saltenv": None,
            }
        return {**opts, **chosen}

    def facts(self):
        """The branch for reports. What git does not know is left out."""
        folder = self.pillar_root or self.file_root
        return {
            **{key: getattr(self, key) for key in ARGUMENTS},
            **(git.checked_out(folder) if folder else {}),
        }

    def written(self):
        """The arguments as pairs, for commands in texts."""
        return [[key, getattr(self, key)] for key in ARGUMENTS if getattr(self, key)]


def of(arguments, caller, line, *, own_pillar=True):
    """The branch that the arguments of a call choose. None if they choose none.

    ``line``: the caller's command line, whose spelling the problems use.
    ``own_pillar``: whether this host compiles the pillar itself.
    """
    chosen = {key: arguments.get(key) for key in ARGUMENTS}
    chosen = {key: value for key, value in chosen.items() if value not in (None, "")}
    if not chosen:
        return None

    def written(key, value="..."):
        return _core.option(key, value, line)

    problems = [
        f"{written(key)} must be a text"
        for key, value in chosen.items()
        if not isinstance(value, str)
    ]
    if problems:
        return Branch(problems=tuple(problems))
    return Branch(**chosen, problems=tuple(_problems(chosen, caller, own_pillar, written)))


def _problems(chosen, caller, own_pillar, written):
    for environment, folder in zip(_ENVIRONMENTS, _FOLDERS, strict=True):
        if folder in chosen and environment in chosen:
            yield f"{written(folder)} and {written(environment)} exclude each other"
    folders = [key for key in _FOLDERS if key in chosen]
    if folders and not own_pillar:
        yield (
            f"{written(folders[0])} is not for this minion, because its master compiles the pillar and has the files: "
            f"call eos on the master, or give {written('pillarenv')} and {written('saltenv')}"
        )
        return
    if folders and caller.authentication != "system":
        # Templates and modules of the folder run programs as the user of this process.
        yield (
            f"{written(folders[0])} is only for the user as whom Eos runs, because everything in the folder runs as this "
            "user: call eos or salt-run on this host, without --auth and --api"
        )
        return
    for key in folders:
        path = chosen[key]
        if not os.path.isabs(path):
            yield f"{written(key, path)} must be an absolute path"
        elif not os.path.isdir(path):
            yield f"{written(key, path)} is not a folder"
        elif key == "pillar_root" and not os.path.isfile(os.path.join(path, "top.sls")):
            yield f"{written(key, path)} has no top.sls: name the folder that pillar_roots would name"
