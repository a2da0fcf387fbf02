"""Makes texts of others safe for a terminal: no control character has an effect or changes the direction of writing."""

import re

# C0 without line break and tab, DEL, C1, separators, and format characters that reorder or hide other characters.
# The core escapes the same characters in the texts that it draws.
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def printable(text):
    """The text, with unsafe characters in the notation of JSON, such as ``\\u001b``. Line breaks and tabs stay."""
    return _UNSAFE.sub(_escaped, text)


def _escaped(found):
    # Imported late, because the help does not need it.
    import json

    return json.dumps(found[0])[1:-1]
