"""What the API does when an object is created."""

import base64
import hashlib
import re

from catalogue import IMAGES, LOCATIONS, SERVER_TYPES
from refused import Refused, find


class Makes:
    """Part of a project: one function for each kind."""

    def make_ssh_key(self, body):
        """A key, with its fingerprint."""
        words = body["public_key"].split()
        if len(words) < 2 or not re.fullmatch("[A-Za-z0-9+/]+=*", words[1]):
            raise Refused(422, "invalid_input", "SSH key is not valid")
        digest = hashlib.md5(base64.b64decode(words[1])).hexdigest()
        body["fingerprint"] = ":".join(digest[i : i + 2] for i in range(0, 32, 2))
        return {"ssh_key": self.add("ssh_keys", body)}

    def make_network(self, body):
        """A network with its subnets."""
        rest = {"routes": [], "servers": [], "load_balancers": [], "subnets": []}
        return {
            "network": self.add("networks", {**rest, "expose_routes_to_vswitch": False, **body})
        }

    def make_server(self, body):
        """A machine that runs."""
        wanted = body["image"]
        sort = find(SERVER_TYPES, body["server_type"])
        place = find(LOCATIONS, body.get("location", "fsn1"))
        system = find(IMAGES, wanted)
        for key in body.get("ssh_keys", []):
            if key not in self.objects["ssh_keys"]:
                raise Refused(422, "invalid_input", f"unknown SSH key {key}")
        row = {
            "name": body["name"],
            "labels": body.get("labels", {}),
            "status": "running",
            "private_net": [],
            "server_type": sort,
            "included_traffic": 0,
            "outgoing_traffic": 0,
            "ingoing_traffic": 0,
            "backup_window": None,
            "rescue_enabled": False,
            "iso": None,
            "locked": False,
            "location": place,
            "image": system,
            "protection": {"delete": False, "rebuild": False},
            "volumes": [],
            "primary_disk_size": sort["disk"],
            "placement_group": None,
            "load_balancers": [],
            # Not in the answers of the real API. The test reads them.
            "test": {"user_data": body.get("user_data", ""), "ssh_keys": body.get("ssh_keys", [])},
        }
        server = self.add("servers", row)
        number = server["id"] - 1000
        server["public_net"] = {
            "ipv4": {
                "id": number + 1,
                "ip": f"192.0.2.{number + 1}",
                "blocked": False,
                "dns_ptr": "",
            },
            "ipv6": {
                "id": number + 2,
                "ip": f"2001:db8:{number:x}::/64",
                "blocked": False,
                "dns_ptr": [],
            },
            "floating_ips": [],
            "firewalls": [],
        }
        about = ("server", server["id"])
        after = [self.actions.start("start_server", about)]
        created = self.actions.start("create_server", about)
        return {"server": server, "action": created, "next_actions": after, "root_password": None}

    def make_volume(self, body):
        """A volume."""
        place = find(LOCATIONS, body.get("location", "fsn1"))
        row = {**body, "location": place, "server": None, "status": "available", "linux_device": ""}
        volume = self.add("volumes", {"format": None, **row})
        volume["linux_device"] = f"/dev/disk/by-id/scsi-0HC_Volume_{volume['id']}"
        about = ("volume", volume["id"])
        return {
            "volume": volume,
            "action": self.actions.start("create_volume", about),
            "next_actions": [],
        }

    def make_floating_ip(self, body):
        """An address that can move between machines."""
        place = find(LOCATIONS, body.pop("home_location", "fsn1"))
        server = body.pop("server", None)
        row = {"name": "", "description": None, **body, "home_location": place, "server": server}
        address = self.add("floating_ips", {**row, "blocked": False, "dns_ptr": []})
        address["ip"] = f"198.51.100.{address['id'] % 250}"
        action = None
        if server:
            action = self.actions.start("assign_floating_ip", ("floating_ip", address["id"]))
        return {"floating_ip": address, "action": action}
