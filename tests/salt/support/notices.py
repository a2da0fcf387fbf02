"""A chat and a mailbox, and a master's configuration with the reactors that write to them."""

import contextlib
import json
import socketserver
import threading
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.ports import free_port

# Only runs of this environment are told of.
ENVIRONMENT = "notices"
_CHAT, _MAIL = free_port(), free_port()
PATH = "/hooks/xyzzy-of-the-chat"
ENV = {"EOS_TEST_CHAT_URL": f"http://127.0.0.1:{_CHAT}{PATH}"}
OPTIONS = {
    "reactor": [
        {f"eos/{ENVIRONMENT}/run/finished": ["salt://reactor/run_chat.sls"]},
        {
            f"eos/{ENVIRONMENT}/run/failed": [
                "salt://reactor/run_chat.sls",
                "salt://reactor/run_mail.sls",
            ]
        },
    ],
    "environment_of_the_master": {"driver": "env"},
    "eos_notify": {
        "chat": {"url": "sdb://environment_of_the_master/EOS_TEST_CHAT_URL"},
        "mail": {
            "from": "eos@example.com",
            "to": ["ops@example.com", "anna@example.com"],
            "host": "127.0.0.1",
            "port": _MAIL,
        },
    },
}


class Chat:
    """Takes what a chat's incoming webhook takes. `said`: each path with its body."""

    def __init__(self, port=_CHAT):
        self.said = said = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                said.append((self.path, json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = _serving(ThreadingHTTPServer(("127.0.0.1", port), Handler))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def texts(self):
        return [body["text"] for _, body in self.said]

    def close(self):
        _end(self._server)


class Mailbox:
    """Takes mail by SMTP. `mails`: each with its recipients."""

    def __init__(self):
        self.mails = mails = []

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    self.talk()

            def talk(self):
                recipients = []
                self.wfile.write(b"220 mail\r\n")
                for line in self.rfile:
                    word = line.split()[0].upper() if line.split() else b""
                    if word == b"RCPT":
                        recipients.append(line.decode().split("<")[1].split(">")[0])
                    if word == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        lines = iter(self.rfile.readline, b".\r\n")
                        text = b"".join(lines)
                        mails.append((recipients, message_from_bytes(text, policy=policy.default)))
                    self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                    if word == b"QUIT":
                        return

        self._server = _serving(socketserver.ThreadingTCPServer(("127.0.0.1", _MAIL), Handler))

    def close(self):
        _end(self._server)


def _serving(server):
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _end(server):
    server.shutdown()
    server.server_close()
