"""Receives the events of a site without a master, so that Salt does not look for a master.

Without it, each salt-run looks twice for a master, for one second each and in a busy loop: two thirds of its time.
"""

import contextlib
import socketserver
import threading


class Drain(socketserver.BaseRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError):
            while self.request.recv(1 << 16):
                pass


class Sink(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, sock):
        # How often a process has connected: to send events, or to see whether somebody listens.
        self.connections = 0
        path = sock / "master_event_pull.ipc"
        # The folder of a demo stays, and with it the socket of the last one.
        path.unlink(missing_ok=True)
        super().__init__(str(path), Drain)
        threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def process_request(self, request, client_address):
        self.connections += 1
        super().process_request(request, client_address)

    def close(self):
        self.shutdown()
        self.server_close()
