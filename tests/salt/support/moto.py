"""moto's S3 server, as a process."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from support import programs
from support.postgres import free_port
from support.waiting import until

ACCESS_KEY, SECRET_KEY = "AKIAEOSTESTEOSTEST00", "s3cret-of-moto"


class Moto:
    """`make test` puts moto_server into .venv/moto where it is not on PATH."""

    bucket = "eos-state"

    def __init__(self, folder):
        own = Path(sys.prefix) / "moto" / "bin" / "moto_server"
        program = programs.find("moto_server") or (own if own.exists() else None)
        program = program or programs.missing("moto_server", installable=True)
        self.port = free_port()
        with (folder / "moto.log").open("wb") as log:
            self.process = subprocess.Popen(
                [program, "-H", "127.0.0.1", "-p", str(self.port)],
                env={**os.environ, "PYTHONPATH": ""},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(self.listens, "moto_server answers", timeout=60)
        self.request("PUT", f"/{self.bucket}")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def listens(self):
        assert self.process.poll() is None, "moto_server ended at once"
        try:
            return self.request("GET", "/moto-api/data.json")
        except (urllib.error.URLError, ConnectionError):
            return None

    def request(self, method, path):
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header(
            "Authorization",
            f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/x/us-east-1/s3/aws4_request",
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read() or b"ok"

    def close(self):
        self.process.terminate()
        self.process.wait(10)
