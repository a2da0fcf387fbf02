"""What the API does for each action of an object."""

import ipaddress

from catalogue import SERVER_TYPES
from refused import Refused, find, not_found


class Works:
    """Part of a project: one function for each action."""

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
