"""Actions: work that takes a while, and that a client asks about until it is done."""

import itertools

NOW = "2026-01-01T00:00:00+00:00"


class Actions:
    """All actions of a project. The work itself is done at once: only the answer waits."""

    def __init__(self):
        self.rows = {}
        self.ids = itertools.count(1)
        # From the command of an action to how often it fails.
        self.failures = {}
        # How many questions find a new action running.
        self.polls = 1
        self.left = {}

    def start(self, command, about):
        """A new action that runs."""
        number = next(self.ids)
        kind, identity = about
        self.rows[number] = {
            "id": number,
            "status": "running",
            "command": command,
            "progress": 0,
            "started": NOW,
            "finished": None,
            "error": None,
            "resources": [{"id": identity, "type": kind}],
        }
        self.left[number] = self.polls
        return dict(self.rows[number])

    def asked(self, numbers):
        """These actions, after one more question about each."""
        for number in numbers:
            self.left[number] -= 1
            if self.left[number] <= 0 and self.rows[number]["status"] == "running":
                self.end(self.rows[number])
        return {
            "actions": [self.rows[number] for number in numbers],
            "meta": {
                "pagination": {
                    "page": 1,
                    "per_page": 25,
                    "previous_page": None,
                    "next_page": None,
                    "last_page": 1,
                    "total_entries": len(numbers),
                }
            },
        }

    def end(self, row):
        """The action succeeds, or fails as the test wants it."""
        row["progress"], row["finished"], row["status"] = 100, NOW, "success"
        if self.failures.get(row["command"], 0) > 0:
            self.failures[row["command"]] -= 1
            row["status"] = "error"
            row["error"] = {"code": "action_failed", "message": "the action failed"}
