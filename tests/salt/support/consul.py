"""A Consul agent that keeps nothing but what is in memory."""

import base64

from support.postgres import free_port
from support.server import Server, program


class Consul(Server):
    def __init__(self, folder):
        port, grpc, server, lan = (free_port() for _ in range(4))
        argv = [
            program("consul"), "agent", "-dev", "-bind=127.0.0.1", "-client=127.0.0.1",
            f"-http-port={port}", "-dns-port=-1", "-grpc-port=-1", f"-grpc-tls-port={grpc}",
            f"-server-port={server}", f"-serf-lan-port={lan}", "-serf-wan-port=-1",
            "-log-level=warn",
        ]  # fmt: skip
        super().__init__(folder, argv, f"http://127.0.0.1:{port}")

    def ready(self):
        return self.request("/v1/status/leader") and self.request("/v1/catalog/nodes")

    def keys(self, prefix=""):
        """Every key below the prefix with its value, as bytes, and its session."""
        found = self.request(f"/v1/kv/{prefix}?recurse=true")
        return {
            one["Key"]: (base64.b64decode(one["Value"] or ""), one.get("Session"))
            for one in found or []
        }
