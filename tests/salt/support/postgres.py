"""A PostgreSQL server for tests, on a loopback port."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from support import programs
from support.ports import free_port


class Postgres:
    """PostgreSQL refuses to run as root. If the test is root, the server runs as `postgres` or as `nobody`."""

    user, password = "eos", "s3cret-of-postgres"

    def __init__(self):
        initdb = programs.require("initdb", installable=True)
        self.pg_ctl = programs.require("pg_ctl", installable=True)
        self.folder = Path(tempfile.mkdtemp(prefix="eos-pg-", dir="/tmp"))
        self.port = free_port()
        self.who = {}
        if os.getuid() == 0:
            entry = unprivileged()
            self.who = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        word = self.folder / "password"
        word.write_text(self.password)
        word.chmod(0o644 if self.who else 0o600)
        self.run(
            initdb, "-D", self.folder / "data", "-U", self.user, "-A", "scram-sha-256",
            f"--pwfile={word}", "-E", "UTF8", "--no-sync", "--locale=C",
        )  # fmt: skip
        word.unlink()
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off "
            f"-c unix_socket_directories={self.folder}"
        )
        self.run(
            self.pg_ctl, "-D", self.folder / "data", "-w", "-t", "60",
            "-l", self.folder / "log", "-o", options, "start",
        )  # fmt: skip

    @property
    def conn_str(self):
        """The connection string without the password, which is in PGPASSWORD."""
        return f"postgres://{self.user}@127.0.0.1:{self.port}/postgres?sslmode=disable"

    def run(self, *argv):
        # Output goes to a file, because the server that pg_ctl starts would keep a pipe open.
        words = self.folder / "words"
        with words.open("wb") as out:
            done = subprocess.run(
                argv,
                check=False,
                env={
                    "PATH": os.environ["PATH"],
                    "LANG": "C.UTF-8",
                    "HOME": str(self.folder),
                },
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                timeout=90,
                **self.who,
            )
        if done.returncode:
            pytest.fail(
                f"{argv[0]} ended with {done.returncode}: {words.read_text()}",
                pytrace=False,
            )

    def close(self):
        self.run(self.pg_ctl, "-D", self.folder / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def unprivileged():
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return programs.missing("a user to run PostgreSQL as")
