"""A Nomad agent that runs raw_exec and the mock driver."""

import json

from support.postgres import free_port
from support.server import Server, program


class Nomad(Server):
    header = "X-Nomad-Token"

    def __init__(self, folder):
        ports = {name: free_port() for name in ("http", "rpc", "serf")}
        config = folder / "agent.json"
        # The fingerprints of clouds wait for what is not there, and keep it from starting.
        clouds = "env_aws,env_gce,env_azure,env_digitalocean"
        config.write_text(
            json.dumps(
                {
                    "ports": ports,
                    "client": {"options": {"fingerprint.denylist": clouds}},
                    "plugin": {"raw_exec": {"config": {"enabled": True}}},
                }
            )
        )
        argv = [program("nomad"), "agent", "-dev", "-bind=127.0.0.1", f"-config={config}"]
        super().__init__(folder, argv, f"http://127.0.0.1:{ports['http']}")

    def ready(self):
        return any(one["Status"] == "ready" for one in self.request("/v1/nodes"))

    def close(self):
        for one in self.request("/v1/jobs"):
            self.request(f"/v1/job/{one['ID']}?purge=true", "DELETE")
        super().close()
