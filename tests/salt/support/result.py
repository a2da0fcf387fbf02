"""The result of a finished command."""

import functools
import json
import re


class Result:
    """A finished salt-run or salt-call."""

    def __init__(self, argv, rc, stdout, stderr):
        self.argv, self.rc, self.stdout, self.stderr = argv, rc, stdout, stderr

    @functools.cached_property
    def json(self):
        """The whole stdout as one document. This fails if there is other text beside the report."""
        return json.loads(self.stdout)

    @property
    def report(self):
        """The report; salt-call wraps it in `local`."""
        document = self.json
        report = document["local"] if set(document) == {"local"} else document
        assert_commands_are_listed(report)
        return report

    @property
    def statuses(self):
        return {name: one["status"] for name, one in self.report["components"].items()}

    @property
    def said(self):
        return self.stdout + self.stderr

    def error_text(self, component=None):
        """The error as text, for a search for words."""
        report = self.report["components"][component] if component else self.report
        return json.dumps(report["error"], ensure_ascii=False)

    def __repr__(self):
        return (
            f"{' '.join(map(str, self.argv))[:2000]}\nrc {self.rc}\n"
            f"--- stdout\n{self.stdout[-6000:]}\n--- stderr\n{self.stderr[-4000:]}"
        )


def assert_refused(result, *words, component=None):
    """Checks for rc 1, for one error with a remedy and all these words, and that there is no traceback."""
    assert result.rc == 1, result
    assert "Traceback" not in result.said, result
    assert result.report["result"] is False, result
    text = result.error_text(component)
    for word in words:
        assert word in text, f"{word!r} is not in {text}\n{result}"
    error = (result.report["components"][component] if component else result.report)["error"]
    assert error["message"] and error["remedy"], result


# A command in a sentence: the program with the configuration of the test.
COMMAND = re.compile(r"\b(?:eos|salt-run|salt-call) -c ")


def assert_commands_are_listed(part, listed=()):
    """Each command of Salt or Eos in a sentence of the report is in a list beside it, or in one around it."""
    if isinstance(part, dict):
        listed = [*listed, *part.get("commands", ())]
        sentences = [part.get(key) for key in ("message", "remedy", "why", "next")]
        notes = part.get("notes")
        sentences += notes if isinstance(notes, list) else []
        for sentence in (one for one in sentences if isinstance(one, str)):
            for found in COMMAND.finditer(sentence):
                begins = [one for one in listed if sentence.startswith(one, found.start())]
                assert begins, (sentence, listed)
    for inner in (
        part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    ):
        assert_commands_are_listed(inner, listed)


def without_times(text):
    """The text of a report without ids and times, which differ in each call."""
    text = re.sub(r"\b[0-9A-HJKMNP-TV-Z]{26}\b|\d{4}-\d\d-\d\dT[\d:.]+Z?|\b\d{20}\b", "ID", text)
    return re.sub(r" *\b\d+(\.\d+)?m?s\b", " TIME", text).strip()
