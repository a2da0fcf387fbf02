"""One project: its objects, and what each request does to them."""

import itertools

from actions import Actions
from catalogue import IMAGES, LOCATIONS, SERVER_TYPES
from makes import Makes
from refused import Refused, not_found
from works import Works

NOW = "2026-01-01T00:00:00+00:00"


class Project(Makes, Works):
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
