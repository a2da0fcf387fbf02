"""One project: its objects, and what each request does to them."""

import base64
import hashlib
import ipaddress
import itertools
import re

from actions import Actions
from catalogue import IMAGES, LOCATIONS, SERVER_TYPES

NOW = "2026-01-01T00:00:00+00:00"


class Refused(Exception):
    """A request that the API refuses."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code

    @staticmethod
    def body(code, message):
        """The answer."""
        return {"error": {"code": code, "message": message, "details": None}}


def not_found():
    """The refusal of an unknown id."""
    return Refused(404, "not_found", "resource not found")


def find(rows, wanted):
    """The row with this id or name."""
    for row in rows:
        if wanted in (row["id"], row["name"], str(row["id"])):
            return row
    raise Refused(422, "invalid_input", f"unknown: {wanted}")


class Project:
    """The objects of a project by kind and id."""

    KINDS = {
        "servers": "server",
        "volumes": "volume",
        "networks": "network",
        "ssh_keys": "ssh_key",
        "floating_ips": "floating_ip",
    }
    FIXED = {"locations": LOCATIONS, "server_types": SERVER_TYPES, "images": IMAGES}

    def __init__(self):
        self.objects = {kind: {} for kind in self.KINDS}
        self.ids = itertools.count(1000)
        self.actions = Actions()

    @property
    def failures(self):
        """From the command of an action to how often it fails."""
        return self.actions.failures

    @property
    def polls(self):
        """How many questions about an action find it running."""
        return self.actions.polls

    @polls.setter
    def polls(self, number):
        self.actions.polls = number

    def everything(self):
        """All objects, for the test."""
        return {kind: list(rows.values()) for kind, rows in self.objects.items()}

    def answer(self, method, path, query, body):
        """The status and the body of an answer."""
        words = path.strip("/").split("/")
        kind = words[0]
        if kind == "actions":
            return 200, self.actions.asked([int(one) for one in query.get("id", words[1:])])
        if kind in self.FIXED and method == "GET":
            return 200, self.listed(kind, self.FIXED[kind], words[1:], query)
        if kind not in self.KINDS:
            raise not_found()
        rows = self.objects[kind]
        if method == "GET":
            return 200, self.listed(kind, list(rows.values()), words[1:], query)
        if method == "POST" and len(words) == 1:
            return 201, getattr(self, f"make_{self.KINDS[kind]}")(body)
        found = rows.get(int(words[1]))
        if found is None:
            raise not_found()
        if method == "POST":
            getattr(self, f"do_{words[3]}")(found, body)
            return 201, {"action": self.actions.start(words[3], (self.KINDS[kind], found["id"]))}
        if method == "PUT":
            found.update({key: value for key, value in body.items() if key in found})
            return 200, {self.KINDS[kind]: found}
        return self.remove(kind, found)

    def listed(self, kind, rows, words, query):
        """One row by its id, or the rows that match."""
        if words:
            found = [row for row in rows if str(row["id"]) == words[0]]
            if not found:
                raise not_found()
            return {self.KINDS.get(kind, kind[:-1]): found[0]}
        for key in ("name", "architecture"):
            if key in query:
                rows = [row for row in rows if row.get(key) in query[key]]
        page = {"page": 1, "per_page": 25, "previous_page": None, "next_page": None}
        page |= {"last_page": 1, "total_entries": len(rows)}
        return {kind: rows, "meta": {"pagination": page}}

    def add(self, kind, row):
        """Keeps a new object. Its name must be new, and a key too."""
        number = next(self.ids)
        for other in self.objects[kind].values():
            if other["name"] == row["name"] or row.get("public_key", "") == other.get("public_key"):
                raise Refused(409, "uniqueness_error", f"{self.KINDS[kind]} is not unique")
        made = {"id": number, "created": NOW, "labels": {}, "protection": {"delete": False}}
        self.objects[kind][number] = {**made, **row}
        return self.objects[kind][number]

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

    def server(self, body):
        """The machine that a request is about."""
        if body["server"] not in self.objects["servers"]:
            raise Refused(422, "invalid_input", f"unknown server {body['server']}")
        return self.objects["servers"][body["server"]]

    def do_attach_to_network(self, server, body):
        """The machine gets the next address of the network."""
        network = self.objects["networks"].get(body["network"])
        if network is None:
            raise not_found()
        subnets = [one["ip_range"] for one in network["subnets"]]
        if not subnets:
            raise Refused(409, "no_subnet_available", "the network has no subnet")
        hosts = ipaddress.ip_network(body.get("ip_range") or subnets[-1]).hosts()
        next(hosts)  # The gateway.
        everyone = self.objects["servers"].values()
        used = {net["ip"] for one in everyone for net in one["private_net"]}
        address = body.get("ip") or next(str(host) for host in hosts if str(host) not in used)
        server["private_net"].append(
            {
                "network": network["id"],
                "ip": address,
                "alias_ips": body.get("alias_ips") or [],
                "mac_address": f"86:00:00:00:{server['id'] % 256:02x}:{network['id'] % 256:02x}",
            }
        )
        network["servers"].append(server["id"])

    def do_detach_from_network(self, server, body):
        """The machine leaves the network."""
        server["private_net"] = [
            one for one in server["private_net"] if one["network"] != body["network"]
        ]
        self.objects["networks"][body["network"]]["servers"].remove(server["id"])

    def do_poweroff(self, server, _):
        """The machine is off."""
        server["status"] = "off"

    def do_poweron(self, server, _):
        """The machine runs."""
        server["status"] = "running"

    def do_change_type(self, server, body):
        """The machine has another size. It must be off."""
        if server["status"] != "off":
            raise Refused(422, "server_not_stopped", "server must be stopped")
        server["server_type"] = find(SERVER_TYPES, body["server_type"])
        server["status"] = "running"

    def do_change_protection(self, found, body):
        """The object is protected, or no longer."""
        found["protection"].update(body)

    def do_attach(self, volume, body):
        """The volume is at a machine of its location."""
        server = self.server(body)
        if server["location"]["name"] != volume["location"]["name"]:
            raise Refused(422, "invalid_input", "volume and server are in different locations")
        if volume["server"]:
            raise Refused(422, "volume_already_attached", "volume is already attached")
        volume["server"] = server["id"]
        server["volumes"].append(volume["id"])

    def do_detach(self, volume, _):
        """The volume is at no machine."""
        if volume["server"]:
            self.objects["servers"][volume["server"]]["volumes"].remove(volume["id"])
        volume["server"] = None

    def do_resize(self, volume, body):
        """The volume is larger."""
        if body["size"] < volume["size"]:
            raise Refused(422, "invalid_input", "a volume cannot become smaller")
        volume["size"] = body["size"]

    def do_add_subnet(self, network, body):
        """The network has one more subnet."""
        network["subnets"].append({"gateway": "", **body})

    def do_delete_subnet(self, network, body):
        """The network has one subnet less."""
        network["subnets"] = [
            one for one in network["subnets"] if one["ip_range"] != body["ip_range"]
        ]

    def do_assign(self, address, body):
        """The address is at this machine, and no longer at another one."""
        address["server"] = self.server(body)["id"]

    def do_unassign(self, address, _):
        """The address is at no machine."""
        address["server"] = None

    def remove(self, kind, found):
        """Deletes an object, and what points to it."""
        if found["protection"]["delete"]:
            raise Refused(403, "protected", f"{self.KINDS[kind]} deletion is protected")
        if kind == "volumes" and found["server"]:
            raise Refused(423, "locked", "volume is attached to a server")
        if kind == "networks" and found["servers"]:
            raise Refused(409, "conflict", "network has attached servers")
        del self.objects[kind][found["id"]]
        if kind != "servers":
            return 204, None
        for other in ("volumes", "floating_ips"):
            for row in self.objects[other].values():
                if row["server"] == found["id"]:
                    row["server"] = None
        for network in self.objects["networks"].values():
            network["servers"] = [one for one in network["servers"] if one != found["id"]]
        return 200, {"action": self.actions.start("delete_server", ("server", found["id"]))}
