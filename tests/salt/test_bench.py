"""The test bench itself, on which the other tests depend."""

import json

import pytest

from support import backends, modules, programs
from support.tmux import Terminal
from support.waiting import until


def test_the_site_works_without_a_master(site):
    site.pillar({"settings": {"x": 'a "quote", ${y}, {{ z }} and 2^70'}, "n": 2**70})
    shown = site.run("pillar.show_pillar")
    assert shown.rc == 0, shown
    assert shown.json["infrastructure"]["settings"]["x"] == 'a "quote", ${y}, {{ z }} and 2^70'
    assert shown.json["infrastructure"]["n"] == 2**70
    called = site.call("test.ping")
    assert called.rc == 0 and called.report is True, called


@pytest.mark.parametrize("kind", backends.KINDS[1:])
def test_a_bare_terraform_keeps_its_state_in_the_server(site, backend, kind):
    server = backend(kind)
    key = {"pg": {"schema_name": "bench"}, "s3": {"key": "bench"}}.get(kind, {})
    if kind == "http":
        key = {name: url + "/bench" for name, url in server.arguments.items()}
    folder = site.folder / "bare"
    folder.mkdir()
    (folder / "main.tf").write_text(modules.ECHO["main.tf"])
    block = {"terraform": {"backend": {kind: server.arguments | key}}}
    (folder / "backend.tf.json").write_text(json.dumps(block))
    for words in [["init"], ["apply", "-auto-approve"], ["apply", "-auto-approve"]]:
        argv = [programs.terraform(), *words, "-input=false", "-no-color"]
        done = site.finish(argv, cwd=folder, env=server.env)
        assert done.rc == 0, done
    assert "0 added, 0 changed, 0 destroyed" in done.stdout
    assert not (folder / "terraform.tfstate").exists()


def test_a_master_and_its_minion_answer(master):
    assert master.salt("test.ping").json == {"minion": True}


def test_a_terminal_shows_what_a_command_prints_and_how_it_ended(site):
    screen = Terminal(site.folder, ["sh", "-c", "tty >&2; echo 'a b'; exit 3"], site.env)
    try:
        until(lambda: screen.rc is not None, "the command ended")
        assert screen.rc == 3
        assert "/dev/" in screen.screen() and "a b" in screen.screen()
    finally:
        screen.close()


def test_a_listener_receives_the_events_of_the_bus(master):
    listener = master.listen()
    try:

        def heard():
            master.salt("event.send", "eos/test/ping")
            return "eos/test/ping" in listener.out.read_text()

        until(heard, "an event", timeout=60)
    finally:
        listener.end()
