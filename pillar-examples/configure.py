"""Writes a Salt configuration that needs neither root nor a running master.

    configure.py FOLDER --pillar DIR --states DIR [--root DIR] [--terraform PROGRAM]

FOLDER/conf is then the argument for `eos -c`, `salt-run -c` and `salt-call -c`. Salt writes only below FOLDER.
--root and --terraform have priority over the settings of any pillar.
"""

import argparse
import getpass
import json
import os
import shlex
import tempfile
from pathlib import Path

# An AF_UNIX path has at most 107 bytes. Salt's longest socket name needs 38 of them.
LONGEST_ROOT = 107 - len("/sock/minion_event_0123456789_pull.ipc")


def salt_root(folder):
    """Salt's root: `folder`, or a link to it if the paths of sockets would be too long."""
    if len(os.fsencode(folder)) <= LONGEST_ROOT:
        return folder
    remembered = folder / "link"
    if remembered.exists():
        link = Path(remembered.read_text())
        if (
            link.is_symlink()
            and link.parent.stat().st_uid == os.getuid()
            and link.resolve() == folder
        ):
            return link
    # Salt puts its root before every path that does not begin with it, so sockets cannot be in another folder.
    link = Path(tempfile.mkdtemp(prefix="eos-", dir="/tmp")) / "salt"
    link.symlink_to(folder)
    remembered.write_text(str(link))
    return link


def configuration(root, pillar, states, ports, extra):
    """The options that master and minion share."""
    publish, ret = ports
    return {
        "user": getpass.getuser(),
        "root_dir": str(root),
        "pki_dir": str(root / "pki"),
        "cachedir": str(root / "cache"),
        "extension_modules": str(root / "cache" / "extmods"),
        "sock_dir": str(root / "sock"),
        "log_file": str(root / "log"),
        "key_logfile": str(root / "key_log"),
        "file_roots": {"base": [str(path) for path in states]},
        "pillar_roots": {"base": [str(path) for path in pillar]},
        "ext_pillar": [],
        "interface": "127.0.0.1",
        "publish_port": publish,
        "enable_gpu_grains": False,
        "enable_fqdns_grains": False,
        "fips_mode": False,
        **extra,
    }, ret


def overriding(folder, settings):
    """The option of Salt that merges these settings into infrastructure:settings of every pillar, as the last ones."""
    path = folder / "settings.json"
    path.write_text(json.dumps({"infrastructure": {"settings": settings}}, indent=1))
    # Salt would replace %s in this command. For the shell, nothing stands between the two quotes.
    return {"ext_pillar": [{"cmd_json": f"cat {shlex.quote(str(path))}".replace("%s", "%''s")}]}


def write(folder, pillar, states, *, ports=(14505, 14506), extra=None, settings=None):
    """Writes FOLDER/conf/{master,minion} and the folders that Salt expects. Returns FOLDER/conf.

    ``settings``: they have priority over infrastructure:settings of the pillar.
    """
    folder = Path(folder).resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    root = salt_root(folder)
    (folder / "sock").mkdir(mode=0o700, exist_ok=True)
    extra = (overriding(folder, settings) if settings else {}) | (extra or {})
    shared, ret = configuration(root, pillar, states, ports, extra)
    conf = folder / "conf"
    conf.mkdir(exist_ok=True)
    # salt-run needs this folder, which only a master would make.
    (folder / "cache" / "proc").mkdir(parents=True, exist_ok=True)
    master = shared | {
        "ret_port": ret,
        "pidfile": str(root / "master.pid"),
    }
    minion = shared | {
        "id": "minion",
        "master": "127.0.0.1",
        "master_port": ret,
        "pki_dir": str(root / "pki-minion"),
        "cachedir": str(root / "cache-minion"),
        "extension_modules": str(root / "cache-minion" / "extmods"),
        "pidfile": str(root / "minion.pid"),
        "log_file": str(root / "log-minion"),
    }
    # JSON is YAML, and quotes every path.
    (conf / "master").write_text(json.dumps(master, indent=1))
    (conf / "minion").write_text(json.dumps(minion, indent=1))
    return conf


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pillar", type=Path, action="append", required=True)
    parser.add_argument("--states", type=Path, action="append", required=True)
    parser.add_argument(
        "--root", type=Path, help="where the workdirs are kept, in place of the pillar's root"
    )
    parser.add_argument("--terraform", help="the program, where it is not called terraform")
    given = parser.parse_args()
    settings = {}
    if given.root:
        settings["root"] = str(given.root.resolve())
    if given.terraform:
        settings["terraform"] = {"binary": given.terraform}
    conf = write(
        given.folder,
        [path.resolve() for path in given.pillar],
        [path.resolve() for path in given.states],
        settings=settings,
    )
    print(f"Next: eos -c {shlex.quote(str(conf))} doctor")


if __name__ == "__main__":
    main()
