"""An HTTP server that answers whatever a test says, in the place of salt-api."""

import contextlib
import json
import socket
import threading

SECRET = "abc-secret-token"
END = b"0\r\n\r\n"


class HostileApi:
    """``post(low)`` returns the bytes of the answer to a call. ``stream(send)`` sends the bytes of /events."""

    def __init__(self, post, stream=lambda _send: None):
        self._post, self._stream = post, stream
        self.calls, self.requests = [], []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                one, _ = self._server.accept()
                threading.Thread(target=self._answer, args=(one,), daemon=True).start()

    def _answer(self, one):
        with contextlib.suppress(OSError), one, one.makefile("rb") as lines:
            head = b"".join(iter(lines.readline, b"\r\n")).decode()
            self.requests.append(head)
            if head.startswith("GET"):
                self._stream(one.sendall)
                return
            size = next(line for line in head.splitlines() if line.lower().startswith("content-l"))
            (low,) = json.loads(lines.read(int(size.partition(":")[2])))
            self.calls.append(low)
            one.sendall(self._post(low))


def answer(body, status="200 OK", *headers):
    """A whole answer."""
    body = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def started(jid="1"):
    """The answer of salt-api to a call."""
    return answer(json.dumps({"return": [{"tag": f"salt/run/{jid}", "jid": jid}]}))


def listening():
    """The head of /events, and its first line."""
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("retry: 400\n")


def chunk(text):
    return f"{len(text.encode()):x}\r\n{text}\r\n".encode()


def event(tag, data):
    """An event as salt-api sends it."""
    return chunk(f"tag: {tag}\ndata: {json.dumps({'tag': tag, 'data': data})}\n\n")
