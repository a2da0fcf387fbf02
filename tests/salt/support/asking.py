"""A client that sends requests to a service repeatedly, as a load balancer does."""

import http.client
import json
import random
import threading
import time
import urllib.error
import urllib.request

PATIENCE = 10  # seconds for one answer


class Asking(threading.Thread):
    """Finds the passing instances in Consul, and asks one of them once. It uses what it found for `memory` seconds."""

    def __init__(self, consul, service, rate, memory=0.0):
        super().__init__(daemon=True)
        self.lookup = f"{consul.address}/v1/health/service/{service}?passing=true"
        self.pause, self.over = 1 / rate, threading.Event()
        self.memory, self.known, self.looked = memory, [], 0.0
        self.said, self.failed = [], []

    def __enter__(self):
        self.began = time.monotonic()
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join(2 * PATIENCE)
        self.rate = len(self) / (time.monotonic() - self.began)

    def __len__(self):
        return len(self.said) + len(self.failed)

    def run(self):
        while not self.over.is_set():
            due = time.monotonic() + self.pause
            try:
                self.said.append(self.ask())
            except (OSError, http.client.HTTPException, IndexError) as failure:
                self.failed.append(f"{time.monotonic() - self.began:.2f} s: {failure!r}")
            self.over.wait(due - time.monotonic())

    def ask(self):
        now = time.monotonic()
        if not self.known or now > self.looked + self.memory:
            with urllib.request.urlopen(self.lookup, timeout=PATIENCE) as found:
                self.known, self.looked = [one["Service"] for one in json.load(found)], now
        one = random.choice(self.known)
        url = f"http://{one['Address']}:{one['Port']}/"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.read().decode()
