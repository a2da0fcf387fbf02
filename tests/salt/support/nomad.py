"""A Nomad agent with raw_exec and the mock driver."""

import json
import shutil
import tempfile
from pathlib import Path

from support.ports import free_port
from support.server import Server, program
from support.waiting import until


class Nomad(Server):
    header = "X-Nomad-Token"

    def __init__(self, folder, consul=None, engine=None):
        nomad = program("nomad")
        ports = {name: free_port() for name in ("http", "rpc", "serf")}
        # Nomad's sockets are in this folder, so its path must be short.
        self.data = Path(tempfile.mkdtemp(prefix="eos-nomad-", dir="/tmp"))
        # The fingerprints of clouds wait for services that are not there, and delay the start.
        options = {"fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean"}
        docker = {}
        if engine:
            # A Nomad would remove containers of other Nomads, which it does not know.
            unknown = {"dangling_containers": {"enabled": False}}
            docker = {"docker": {"config": {"endpoint": f"unix://{engine}", "gc": unknown}}}
        else:
            options["driver.denylist"] = "docker"
        config = folder / "agent.json"
        config.write_text(
            json.dumps(
                {
                    "ports": ports,
                    "client": {"options": options},
                    "plugin": {"raw_exec": {"config": {"enabled": True}}} | docker,
                    **({"consul": {"address": consul.removeprefix("http://")}} if consul else {}),
                }
            )
        )
        argv = [nomad, "agent", "-dev", "-bind=127.0.0.1", f"-config={config}"]
        address = f"http://127.0.0.1:{ports['http']}"
        super().__init__(folder, argv, address, env={"TMPDIR": str(self.data)})

    def ready(self):
        return any(one["Status"] == "ready" for one in self.request("/v1/nodes"))

    def allocations(self):
        """The folders of its client's allocations. If the test is root, there are mounts in them."""
        return [one for one in self.data.glob("NomadClient*/*-*-*-*-*") if one.is_dir()]

    def collected(self):
        self.request("/v1/system/gc", "PUT")
        return not self.allocations()

    def close(self):
        try:
            for one in self.request("/v1/jobs"):
                self.request(f"/v1/job/{one['ID']}?purge=true", "DELETE")
            # If the agent ended before that, processes and mounts would remain.
            until(self.collected, "Nomad's client has nothing left", timeout=60)
        finally:
            super().close()
        shutil.rmtree(self.data)
