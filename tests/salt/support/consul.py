"""A single Consul server that stores its data in a folder, so that they survive a restart."""

import base64
import json

from support.ports import free_port
from support.server import Server, program


class Consul(Server):
    header = "X-Consul-Token"

    def __init__(self, folder):
        ports = {name: free_port() for name in ("http", "server", "serf_lan")}
        closed = dict.fromkeys(("dns", "grpc", "grpc_tls", "serf_wan"), -1)
        config = folder / "agent.json"
        config.write_text(
            json.dumps(
                {
                    "node_name": "eos-test",
                    "server": True,
                    "bootstrap": True,
                    "data_dir": str(folder / "data"),
                    "bind_addr": "127.0.0.1",
                    "ports": {**ports, **closed},
                    "performance": {"raft_multiplier": 1},
                    "disable_update_check": True,
                    "log_level": "warn",
                }
            )
        )
        argv = [program("consul"), "agent", f"-config-file={config}"]
        super().__init__(folder, argv, f"http://127.0.0.1:{ports['http']}")

    def ready(self):
        # A session can be made only when there is a leader and the node is in the catalogue.
        return self.request("/v1/status/leader") and self.request("/v1/catalog/nodes")

    def restart(self):
        """Kills the server, and starts it with the same data on the same ports."""
        self.kill()
        self.start()

    def keys(self, prefix=""):
        """Every key below the prefix with its value, as bytes, and its session."""
        found = self.find(f"/v1/kv/{prefix}?recurse=true&consistent=true")
        return {
            one["Key"]: (base64.b64decode(one["Value"] or ""), one.get("Session"))
            for one in found or []
        }
