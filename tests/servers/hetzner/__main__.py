"""A small server that speaks the documented API of Hetzner's cloud, for tests: python3 tests/servers/hetzner

It prints its port, and ends when its stdin is closed. It has one project, without anything in it. `/control` is for the
test: PATCH changes the rate limit, lets actions fail, and answers what was asked so far.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from limit import Limit
from project import Project
from refused import Refused

project, limit = Project(), Limit()
one_at_a_time = threading.Lock()
asked = []


def control(method, body):
    """What the test asks for."""
    if method == "PATCH":
        if "limit" in body:
            limit.change(body["limit"])
        project.failures.update(body.get("failures", {}))
        project.polls = body.get("polls", project.polls)
    found = {"asked": list(asked), "found": project.everything()}
    if body.get("forget"):
        asked.clear()
    return 200, found


def answer(method, path, query, body, token):
    """The status, the headers and the body of an answer."""
    if path == "/control":
        status, content = control(method, body)
        return status, {}, content
    if len(token) != 64:
        return 401, {}, Refused.body("unauthorized", "unable to authenticate")
    allowed, headers = limit.take()
    if allowed:
        try:
            status, content = project.answer(method, path.removeprefix("/v1"), query, body)
        except Refused as refused:
            status, content = refused.status, Refused.body(refused.code, str(refused))
    else:
        message = f"limit of {limit.size} requests per hour reached"
        status, content = 429, Refused.body("rate_limit_exceeded", message)
    asked.append(f"{method} {path.removeprefix('/v1')} {status}")
    return status, headers, content


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # Without this, each answer waits for the client's acknowledgement of its head.
    wbufsize = -1

    def serve(self):
        """Answers one request."""
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        with one_at_a_time:
            status, headers, content = answer(
                self.command, parts.path, parse_qs(parts.query), body, token
            )
        data = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if content is not None:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = serve

    def log_message(self, *_):
        """Says nothing."""


def main():
    """Serves until stdin is closed, which also happens when the test is killed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    os._exit(0)


main()
