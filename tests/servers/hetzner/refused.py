"""What the API refuses."""


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
