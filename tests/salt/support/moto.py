"""moto's server as a process: S3 and SNS."""

import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from support import programs
from support.ports import free_port
from support.waiting import until

# The account that moto uses for everybody.
ACCOUNT = "123456789012"
ACCESS_KEY, SECRET_KEY = "AKIAEOSTESTEOSTEST00", "s3cret-of-moto"


class Moto:
    """A moto_server. If it is not on PATH, `make test` installs it in .venv/moto."""

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

    def request(self, method, path, body=None, service="s3"):
        request = urllib.request.Request(self.url + path, method=method, data=body)
        request.add_header(
            "Authorization",
            f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/x/us-east-1/{service}/aws4_request",
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read() or b"ok"

    def tag_topic(self, name, key, value):
        """Tags a topic, as a person does it in the AWS console."""
        told = {
            "Action": "TagResource",
            "ResourceArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:{name}",
            "Tags.member.1.Key": key,
            "Tags.member.1.Value": value,
        }
        self.request("POST", "/", urllib.parse.urlencode(told).encode(), "sns")

    def close(self):
        self.process.terminate()
        self.process.wait(10)
