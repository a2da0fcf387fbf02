"""Services of the pillar that are small HTTP servers, and what their instances say."""

import sys
import urllib.request

from support.world import installation

# Answers with a text and a status. To what does not ask by HTTP, it is not there.
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
# Judged within a second where it is well, within a minute on any machine, and not tried twice.
UPDATE = {
    "min_healthy_time": "1s",
    "healthy_deadline": "60s",
    "progress_deadline": 0,
    "auto_revert": True,
}
# Replaced only once the new one is well.
CANARY = UPDATE | {"canary": 1, "auto_promote": True}


def args(text, status=200):
    """The server's words for python."""
    return ["-c", SERVER, text, str(status)]


def web(text, **more):
    """A service of one instance, which is well once it answers; the end of one takes no time."""
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
    """Of an environment whose services run on this Nomad."""
    told = folder / "providers.tfrc"
    told.write_text(installation(providers))
    tool = {"cli_config_file": str(told)}
    return {"terraform": tool, "nomad": {"address": nomad.address}, **more}


def urls(nomad, name):
    """Where each instance that Nomad has registered is asked, by the id of its allocation."""
    told = nomad.find(f"/v1/service/{name}") or []
    return {one["AllocID"]: f"http://{one['Address']}:{one['Port']}/" for one in told}


def answer(url):
    """What an instance says."""
    with urllib.request.urlopen(url, timeout=10) as said:
        return said.read().decode()


def answers(nomad, name):
    """What each registered instance says."""
    return [answer(url) for url in urls(nomad, name).values()]
