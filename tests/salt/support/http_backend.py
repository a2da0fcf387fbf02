"""A server for Terraform's http backend, with locks that really exclude others."""

import json
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class HttpBackend:
    """A state and a lock for each path, in memory. Requests need this user and password, unless the user is None."""

    def __init__(self, user="eos", password="s3cret-of-http"):
        self.user, self.password = user, password
        self.states, self.locks = {}, {}
        self.guard = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)

    def answer(self, method, path, query, body):
        """The status and the body of the answer to one request."""
        with self.guard:
            held = self.locks.get(path)
            if method == "GET":
                return (200, self.states[path]) if path in self.states else (404, b"")
            if method == "LOCK":
                if held:
                    return 423, json.dumps(held).encode()
                self.locks[path] = json.loads(body)
                return 200, b""
            if method == "UNLOCK":
                # force-unlock sends no body.
                if held and body and json.loads(body)["ID"] != held["ID"]:
                    return 409, json.dumps(held).encode()
                self.locks.pop(path, None)
                return 200, b""
            if held and query != f"ID={held['ID']}":
                return 423, json.dumps(held).encode()
            if method == "DELETE":
                self.states.pop(path, None)
            else:
                self.states[path] = body
            return 200, b""

    def _handler(self):
        backend = self
        wanted = "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode()

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path, _, query = self.path.partition("?")
                if backend.user and self.headers.get("Authorization") != wanted:
                    status, answer = 401, b""
                else:
                    status, answer = backend.answer(self.command, path, query, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_DELETE = do_LOCK = do_UNLOCK = handle_any

            def log_message(self, *_):
                """Logs nothing: the tests read everything from the backend itself."""

        return Handler
