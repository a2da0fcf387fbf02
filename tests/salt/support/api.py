"""Users of external_auth, and a salt-api beside the master of the tests."""

import json
import os
import signal
import urllib.error
import urllib.request
from pathlib import Path

import yaml

from support.ports import free_port
from support.waiting import until

EAUTH = "sharedsecret"
HOUSE = "house"
PASSWORD = "the-password-of-all-users"
PORT = free_port()
URL = f"http://127.0.0.1:{PORT}"
# The roles of the example: each group is one user here, because this eauth knows no groups.
EXAMPLE = Path(__file__).parents[3] / "pillar-examples" / "roles" / "external_auth.conf"
ROLES = {
    group.removesuffix("s%"): rights
    for group, rights in yaml.safe_load(EXAMPLE.read_text())["external_auth"]["pam"].items()
}
OPTIONS = {
    EAUTH: PASSWORD,
    "external_auth": {
        # alice may do everything, bob may only ask.
        # daemon is also a user of the system, in the group daemon.
        EAUTH: {
            "alice": ["@runner", "eos_terraform.*"],
            "bob": [{"@infrastructure": ["status"]}],
            "daemon": [{"@infrastructure": ["approve"]}],
            "stager": [
                {
                    "@infrastructure": [
                        {"status": {"args": ["roles$"]}},
                        {"status": {"kwargs": {"environment": "roles$"}}},
                    ]
                }
            ],
            # Only services of the environment shop whose names begin so.
            "creator": [
                {
                    "@infrastructure": [
                        {"create": {"args": ["shop$", "web-.*"]}},
                        {"delete": {"args": ["shop$", "web-.*"]}},
                    ]
                }
            ],
            **ROLES,
        },
        # The only one that knows groups.
        HOUSE: {"approvers%": [{"@infrastructure": ["approve"]}]},
    },
    "auth_dirs": [str(Path(__file__).parent / "eauth")],
    # nobody is a user of the system.
    "publisher_acl": {"nobody": ["eos_terraform.approve"]},
    "client_acl_verify": False,
    "netapi_enable_clients": ["runner", "runner_async"],
    "rest_cherrypy": {"port": PORT, "host": "127.0.0.1", "disable_ssl": True},
}


class SaltApi:
    """A running salt-api."""

    def __init__(self, master):
        self.process = master.daemon("salt-api")
        try:
            until(lambda: self.token("alice"), "salt-api answers", timeout=60)
        except BaseException:
            self.close()
            raise

    def token(self, user, password=PASSWORD, eauth=EAUTH):
        body = json.dumps({"username": user, "password": password, "eauth": eauth}).encode()
        request = urllib.request.Request(
            f"{URL}/login", body, {"Content-Type": "application/json", "Accept": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)["return"][0]["token"]
        except urllib.error.URLError:
            return None

    def run(self, caller, function, *arguments, eauth=EAUTH, **more):
        """What a function of the runner returns to this user. None: Salt itself refuses the call."""
        body = {"client": "runner", "fun": f"infrastructure.{function}", "arg": list(arguments)}
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        headers["X-Auth-Token"] = self.token(caller, eauth=eauth)
        request = urllib.request.Request(f"{URL}/", json.dumps([body | more]).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["return"][0]
        except urllib.error.HTTPError as error:
            assert error.code == 401, error
            return None

    def close(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
