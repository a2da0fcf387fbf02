"""Writes a Salt configuration that needs neither root nor a running master.

    configure.py FOLDER --pillar DIR --states DIR [--root DIR] [--terraform PROGRAM]

FOLDER/conf is then what `salt-run -c` and `salt-call -c` want; everything Salt writes stays below FOLDER.
"""

import argparse
import getpass
import json
import os
import tempfile
from pathlib import Path

# An AF_UNIX path has at most 107 bytes, and Salt's longest socket name takes about 40 of them.
LONGEST_SOCKET_FOLDER = 60


def socket_folder(folder):
    """A folder short enough for sockets: below `folder`, else a private one that `folder` remembers."""
    own = folder / "sock"
    if len(os.fsencode(own)) <= LONGEST_SOCKET_FOLDER:
        own.mkdir(mode=0o700, exist_ok=True)
        return own
    remembered = folder / "sock-folder"
    if remembered.exists():
        short = Path(remembered.read_text())
        if short.is_dir() and short.stat().st_uid == os.getuid():
            return short
    short = Path(tempfile.mkdtemp(prefix="eos-", dir="/tmp"))
    remembered.write_text(str(short))
    return short


def configuration(folder, pillar, states, ports, extra):
    """The options that master and minion share."""
    publish, ret = ports
    return {
        "user": getpass.getuser(),
        "root_dir": str(folder),
        "pki_dir": str(folder / "pki"),
        "cachedir": str(folder / "cache"),
        "extension_modules": str(folder / "cache" / "extmods"),
        "sock_dir": str(socket_folder(folder)),
        "log_file": str(folder / "log"),
        "key_logfile": str(folder / "key_log"),
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


def write(folder, pillar, states, *, ports=(14505, 14506), extra=None):
    """Writes FOLDER/conf/{master,minion} and what Salt expects to exist; returns FOLDER/conf."""
    folder = Path(folder).resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shared, ret = configuration(folder, pillar, states, ports, extra or {})
    conf = folder / "conf"
    conf.mkdir(exist_ok=True)
    # salt-run wants this folder, which only a master would make.
    (folder / "cache" / "proc").mkdir(parents=True, exist_ok=True)
    master = shared | {
        "ret_port": ret,
        "auto_accept": True,
        "pidfile": str(folder / "master.pid"),
    }
    minion = shared | {
        "id": "minion",
        "master": "127.0.0.1",
        "master_port": ret,
        "pki_dir": str(folder / "pki-minion"),
        "cachedir": str(folder / "cache-minion"),
        "extension_modules": str(folder / "cache-minion" / "extmods"),
        "pidfile": str(folder / "minion.pid"),
        "log_file": str(folder / "log-minion"),
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
    parser.add_argument("--root", type=Path, help="where the workdirs are kept")
    parser.add_argument("--terraform", help="the program, where it is not called terraform")
    given = parser.parse_args()
    eos = {}
    if given.root:
        eos["root"] = str(given.root.resolve())
    if given.terraform:
        eos["terraform"] = given.terraform
    write(
        given.folder,
        [path.resolve() for path in given.pillar],
        [path.resolve() for path in given.states],
        extra={"eos": eos},
    )


if __name__ == "__main__":
    main()
