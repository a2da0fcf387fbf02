"""Secrets that a search finds by their core, in any encoding."""

import base64
import secrets

# Characters that JSON, URLs, shells and Go's encoder escape.
AWKWARD = 'é"<&>/+ %\\'


class Canary:
    """A value whose core has only letters and digits, so that no escaping changes it."""

    def __init__(self, name):
        core = f"{name}{secrets.token_hex(12)}"
        self.value = f"{AWKWARD}{core}{AWKWARD}"
        self.forms = list(forms(core.encode()))


def forms(core):
    """The core in clear text, in hexadecimal, and in base64 for each position of the core in the encoded text."""
    yield core
    yield core.hex().encode()
    yield core.hex().upper().encode()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + core)
        # Characters at the edges also contain bits of the text beside the core. None is `+` or `/`.
        yield encoded[(offset * 8 + 5) // 6 : (offset + len(core)) * 8 // 6]


class Flock:
    """All canaries of a test."""

    def __init__(self, *names):
        self.all = {name: Canary(name) for name in names}

    def add(self, name, value):
        """Adds a secret that another program made."""
        self.all[name] = found = Canary(name)
        found.value, found.forms = value, list(forms(value.encode()))

    def __getitem__(self, name):
        return self.all[name].value

    def heard(self, text, *, but=()):
        """The name of each canary in these bytes, and the text around it."""
        for name in self.all.keys() - set(but):
            for form in self.all[name].forms:
                at = text.find(form)
                if at >= 0:
                    yield f"{name}: {text[max(0, at - 80) : at + len(form) + 20]!r}"
                    break
