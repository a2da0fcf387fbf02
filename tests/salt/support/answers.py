"""An HTTP server that answers every request with the status that a test sets."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answers:
    """`status` is the status of all answers from now on."""

    def __init__(self):
        self.status = 200
        answers = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(answers.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)
