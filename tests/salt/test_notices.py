"""How a run ended, in a chat and in a mailbox: by the reactors of a real master, and by the runner that they call."""

import contextlib
import json
import re

import pytest

from support import notices
from support.notices import ENVIRONMENT
from support.waiting import until

MODULE = {
    "main.tf": """
variable "text" { default = "" }
resource "terraform_data" "it" {
  lifecycle {
    precondition {
      condition     = var.text == ""
      error_message = "no <!channel> for ${var.text}"
    }
  }
}
"""
}


def contents(folder):
    """The bytes of each file below a folder in which Salt may replace files at any moment."""
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            yield path.read_bytes()


@pytest.fixture
def chat():
    made = notices.Chat()
    yield made
    made.close()


@pytest.fixture
def mailbox():
    made = notices.Mailbox()
    yield made
    made.close()


@pytest.mark.slow
def test_reactors_tell_a_chat_how_runs_end_and_mail_what_failed(master, chat, mailbox):
    component = {"source": master.module("it", MODULE)}
    master.environment({"it": component}, name=ENVIRONMENT)
    done = master.run("infrastructure.orchestrate", f"environment={ENVIRONMENT}")
    assert done.rc == 0, done
    until(lambda: chat.said, "the chat is told of the end")
    assert done.report["run_id"] in chat.texts()[0]
    assert (
        f"{ENVIRONMENT}: orchestrate by " in chat.texts()[0]
        and " finished: 1 applied" in (chat.texts()[0])
    )

    # The same from a state on a minion, whose events the master wraps.
    component["variables"] = {"text": "grün"}
    master.environment({"it": component}, name=ENVIRONMENT)
    master.sls("it", f"it:\n  eos_terraform.apply:\n    - environment: {ENVIRONMENT}\n")
    failed = master.salt("state.apply", "it")
    assert failed.rc == 1, failed
    until(lambda: len(chat.said) == 2 and mailbox.mails, "both are told of the failure")
    text = chat.texts()[1]
    assert " failed: 1 failed" in text and "no &lt;!channel&gt; for grün" in text, text
    ((recipients, mail),) = mailbox.mails
    assert recipients == ["ops@example.com", "anna@example.com"]
    assert (mail["From"], mail["Subject"]) == ("eos@example.com", f"{ENVIRONMENT}: apply failed")
    assert "it: failed: " in mail.get_content() and "for grün" in mail.get_content()
    assert {path for path, _ in chat.said} == {notices.PATH}
    jobs = list(contents(master.folder / "salt/cache/jobs"))
    assert jobs and not any(b"xyzzy" in text for text in jobs)


def test_a_chat_or_mailbox_that_is_away_or_not_configured_is_an_error_without_its_address(site):
    missing = site.run("eos_notify.chat", "x")
    assert "set eos_notify:chat:url in the master's configuration" in missing.said, missing
    mail = {"from": "a@b", "to": "c@d", "host": "127.0.0.1", "port": 1}
    conf = json.loads((site.conf / "master").read_text())
    for chat, login, said in (
        ("http://127.0.0.1:1/xyzzy-of-the-chat", {}, "did not"),
        ("http://127.0.0.1:1/xyzzy of the chat", {}, "did not"),
        (
            "xyzzy",
            {"username": "eos", "password": "xyzzy"},
            "must begin with|needs eos_notify:mail:tls",
        ),
    ):
        settings = {"chat": {"url": chat}, "mail": mail | login}
        (site.conf / "master").write_text(json.dumps(conf | {"eos_notify": settings}))
        for call in (["chat", "x"], ["mail", "x", "y"]):
            away = site.run(f"eos_notify.{call[0]}", *call[1:])
            assert away.rc == 1 and re.search(f"eos_notify: .*({said})", away.said), away
            assert "xyzzy" not in away.said, away
