"""What `eos` prints: texts of others, and streams that cannot have every character."""

import io
import json

import pytest

from saltext.eos.cli import main, shown
from saltext.eos.cli.errors import UsageError
from saltext.eos.cli.escape import printable

pytestmark = pytest.mark.quick

UNSAFE = "\x1b[2J\x07\x7f\x9b31m\u202e\r"
WORDS = "line\n\ttab → 日本語"


def test_control_characters_are_escaped_and_words_stay():
    assert printable(UNSAFE) == r"\u001b[2J\u0007\u007f\u009b31m\u202e\r"
    assert printable(WORDS) == WORDS


def test_eos_escapes_the_same_characters_as_the_core():
    from saltext.eos import _core

    report = {"error": {"message": "".join(map(chr, [*range(0x9), *range(0x7F, 0x3000)]))}}
    drawn = _core.draw(report, False)
    assert printable(drawn) == drawn


def test_an_error_with_control_characters_has_no_effect_on_the_terminal(monkeypatch, capsys):
    def fails(_):
        raise UsageError(f"the server said {UNSAFE}")

    monkeypatch.setattr(main, "_run", fails)
    monkeypatch.setattr("sys.argv", ["eos", "status"])
    assert main.main() == 1
    assert capsys.readouterr().err == f"eos: the server said {printable(UNSAFE)}\n"


def test_a_json_document_has_no_raw_control_character_and_the_same_values(capsys):
    shown.document({"text": UNSAFE + WORDS})
    printed = capsys.readouterr().out
    assert printable(printed) == printed
    assert json.loads(printed) == {"text": UNSAFE + WORDS}


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "utf-8"])
@pytest.mark.parametrize("flag", [[], ["--json"]], ids=["text", "json"])
def test_a_report_is_printed_in_every_encoding(encoding, flag, monkeypatch):
    report = {"error": {"message": WORDS + "é"}, "retcode": 1}
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)

    def prints(options):
        (shown.document if options.json else shown.text)(report)
        return 1

    monkeypatch.setattr(main, "_run", prints)
    monkeypatch.setattr("sys.argv", ["eos", "status", *flag])
    monkeypatch.setattr("sys.stdout", out)
    assert main.main() == 1
    printed = out.buffer.getvalue().decode(encoding)
    if flag:
        assert json.loads(printed) == report
    else:
        assert ("→" if encoding == "utf-8" else r"\u2192") in printed, printed
