"""Services in the pillar that are small HTTP servers, and the answers of their instances."""

import sys
import urllib.request

from support.world import installation

# A server that answers HTTP requests with a text and a status. It does not answer other connections.
SERVER = """
import http.server, os, sys
text, status = sys.argv[1].encode(), int(sys.argv[2])
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *_):
        pass
address = ("127.0.0.1", int(os.environ["NOMAD_PORT_http"]))
http.server.ThreadingHTTPServer(address, Answer).serve_forever()
"""
# A good version is healthy within a second, or within a minute on a slow machine. A bad version is not tried twice.
UPDATE = {
    "min_healthy_time": "1s",
    "healthy_deadline": "60s",
    "progress_deadline": 0,
    "auto_revert": True,
}
# The old instance is replaced only when the new one is healthy.
CANARY = UPDATE | {"canary": 1, "auto_promote": True}


def args(text, status=200):
    """Python's arguments for the server."""
    return ["-c", SERVER, text, str(status)]


def web(text, **more):
    """A service with one instance. It is healthy when it answers, and it ends at once."""
    return {
        "command": sys.executable,
        "args": args(text),
        "ports": {"http": {}},
        "check": {"type": "http", "path": "/", "interval": "1s", "timeout": "1s"},
        "provider": "nomad",
        "replicas": 1,
        "cpu": 20,
        "memory": 50,
        "restart": {"attempts": 0, "mode": "fail"},
        "update": UPDATE,
        "shutdown_delay": "0s",
        **more,
    }


def settings(folder, providers, nomad, **more):
    """The settings of an environment whose services run on this Nomad."""
    told = folder / "providers.tfrc"
    told.write_text(installation(providers))
    tool = {"cli_config_file": str(told)}
    return {"terraform": tool, "nomad": {"address": nomad.address}, **more}


def urls(nomad, name):
    """From the id of each allocation to the URL of its instance, as Nomad has registered it."""
    told = nomad.find(f"/v1/service/{name}") or []
    return {one["AllocID"]: f"http://{one['Address']}:{one['Port']}/" for one in told}


def answer(url):
    """The answer of an instance."""
    with urllib.request.urlopen(url, timeout=10) as said:
        return said.read().decode()


def answers(nomad, name):
    """The answers of all registered instances."""
    return [answer(url) for url in urls(nomad, name).values()]
