"""`eos --api` with a server that is not a healthy salt-api. No master is needed."""

import os
import signal
import threading
from types import SimpleNamespace

import pytest

from saltext.eos.cli.call import Call
from saltext.eos.cli.errors import UsageError
from saltext.eos.cli.places import follow
from saltext.eos.cli.places.api import Api
from support import hostile_api
from support.hostile_api import SECRET, HostileApi, answer, chunk, event, listening, started

pytestmark = [pytest.mark.quick, pytest.mark.timeout(20)]

RET = event("salt/run/1/ret", {"return": {"retcode": 0}})
BEGAN = event("eos/staging/run/started", {"jid": "1", "run_id": "RUN"})


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv("SALT_API_TOKEN", SECRET)
    monkeypatch.delenv("http_proxy", raising=False)


def report(url, **arguments):
    call = Call("orchestrate", {"environment": "staging", **arguments}, True)
    with Api(SimpleNamespace(api=url)) as place:
        return place.report(call)


def refused(url, **arguments):
    """The message of the refusal. It never has the token or a control character."""
    with pytest.raises(UsageError) as caught:
        report(url, **arguments)
    text = str(caught.value)
    assert SECRET not in text and "\x1b" not in text and "\x9b" not in text, text
    return text


def streams(*parts):
    """A stream that sends these parts after its first line. A part that is not bytes is called."""

    def send_all(send):
        send(listening())
        for part in parts:
            send(part) if isinstance(part, bytes) else part()

    return send_all


def hold():
    """Keeps the connection open, longer than any test."""
    threading.Event().wait(60)


@pytest.mark.parametrize("end", ["\r", "\n", " \r\n"])
def test_white_space_around_a_token_is_no_part_of_it(monkeypatch, end):
    monkeypatch.setenv("SALT_API_TOKEN", SECRET + end)
    with HostileApi(lambda _: started(), streams(RET)) as server:
        assert report(server.url) == {"retcode": 0}
        assert all(f"X-Auth-Token: {SECRET}\r\n".lower() in one.lower() for one in server.requests)


@pytest.mark.parametrize("token", [f"{SECRET}\rX: y", f"{SECRET}\x1b", f"{SECRET}é"])
def test_a_token_that_is_no_header_is_refused_and_not_shown(monkeypatch, token):
    monkeypatch.setenv("SALT_API_TOKEN", token)
    assert "log in again" in refused("http://127.0.0.1:9")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_token_does_not_follow_a_redirect(status):
    with HostileApi(lambda _: started(), streams(RET)) as other:
        moved = answer("", f"{status} Moved", f"Location: {other.url}/events")
        with HostileApi(lambda _: moved, lambda send: send(moved)) as server:
            assert "salt-api's own URL" in refused(server.url)
        with HostileApi(lambda _: moved, streams(hold)) as server:
            assert "salt-api's own URL" in refused(server.url)
        assert not other.requests


@pytest.mark.parametrize("host", ["salt.example:8000", "192.0.2.1", "0.0.0.0", "localhost.example"])
def test_http_to_another_host_is_refused(host):
    assert "https" in refused(f"http://{host}")


def test_a_proxy_does_not_get_a_token_that_is_sent_with_http(monkeypatch):
    with HostileApi(lambda _: started(), streams(RET)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with HostileApi(lambda _: started(), streams(RET)) as server:
            assert report(server.url) == {"retcode": 0}
        assert not proxy.requests


@pytest.mark.parametrize(
    "url",
    [
        "salt example",
        "https://",
        "http://h:abc",
        "http://127.0.0.1:99999",
        "http://[::1",
        "https://salt example",
        "https://s\u0430lt.example",
        "https://user:abc-secret-token@salt.example",
        "https://salt.example?x=1",
        "https://salt.example/\x1b[2J",
    ],
)
def test_a_wrong_url_is_refused_with_an_example(url):
    assert "https://salt.example:8000" in refused(url)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (answer("<html>hello</html>"), "check --api"),
        (answer("[1]"), "check --api"),
        (answer('{"return": []}'), "check --api"),
        (answer('{"other": 1}'), "check --api"),
        (answer("[" * 200_000), "check --api"),
        (answer('{"return": ["\\u001b[2J\\u009b"]}'), "\\u001b[2J\\u009b"),
        (answer('{"return": [{"jid": 7}]}'), "did not start"),
        (answer("x", "500 bad\x1b[2Jreason"), "bad\\u001b[2Jreason"),
        (answer("x", "401 Unauthorized"), "Log in again"),
        (b"nonsense\x1b[2J\r\n\r\n", "does not answer"),
        (b"", "does not answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "too early"),
    ],
)
def test_an_answer_that_is_not_of_salt_api_is_one_line(raw, words):
    with HostileApi(lambda _: raw, streams(hold)) as server:
        assert words in refused(server.url)


@pytest.mark.parametrize(
    "stream",
    [
        lambda send: None,
        lambda send: send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        lambda send: send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nretry"),
    ],
)
def test_events_that_end_before_the_first_line_start_nothing(stream):
    with HostileApi(lambda _: started(), stream) as server:
        refused(server.url)
        assert not server.calls


@pytest.mark.parametrize(
    "last",
    [
        hostile_api.END,
        b"ff\r\ndata: {",
        b"not a size\r\n",
        chunk("data: no json\n\n"),
        chunk(f"data: {'[' * 200_000}\n\n"),
    ],
)
def test_a_stream_that_breaks_ends_with_where_the_run_is(last):
    with HostileApi(lambda _: started(), streams(BEGAN, last)) as server:
        assert "run RUN continues on the master" in refused(server.url)


def test_an_event_of_another_form_is_skipped():
    others = (
        "[]",
        "1",
        "null",
        "{}",
        '{"tag": 7, "data": {}}',
        '{"tag": "eos/x", "data": []}',
        '{"tag": "eos/x"}',
    )
    with HostileApi(
        lambda _: started(), streams(*(chunk(f"data: {one}\n\n") for one in others), RET, hold)
    ) as server:
        assert report(server.url) == {"retcode": 0}


def test_what_the_server_sends_has_no_control_characters_on_the_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    loud = event("eos/staging/a\x1b[2J/in\x9bprogress", {"jid": "1", "run_id": "R\x1b[2J"})
    error = event("salt/run/1/ret", {"return": "no\x1b[2J\x7f"})
    with HostileApi(lambda _: started(), streams(loud, error, hold)) as server:
        assert "no\\u001b[2J" in refused(server.url)
    with HostileApi(lambda _: started(), streams(loud, hostile_api.END)) as server:
        assert "run R\\u001b[2J continues" in refused(server.url)
    shown = capsys.readouterr().err
    assert "\\u001b[2J" in shown and "\x1b" not in shown and "\x9b" not in shown, shown


def test_a_master_that_no_longer_answers_ends_the_wait(monkeypatch):
    monkeypatch.setattr(follow, "_SILENCE", 0.2, raising=False)
    dead = answer("x", "503 Service Unavailable")
    with HostileApi(
        lambda low: dead if low["fun"].endswith("show") else started(), streams(BEGAN, hold)
    ) as server:
        assert "show what became of run RUN" in refused(server.url)


@pytest.mark.parametrize("state", ["died", "complete", "failed"])
def test_a_run_that_has_ended_without_its_event_ends_the_wait(monkeypatch, state):
    """As after a restart of the master."""
    monkeypatch.setattr(follow, "_SILENCE", 0.2, raising=False)
    asked = threading.Event()

    def post(low):
        if not low["fun"].endswith("show"):
            return started()
        asked.set()
        return started("2")

    def answers():
        asked.clear()
        asked.wait(10)

    shown = event("salt/run/2/ret", {"return": {"run": {"state": state}}})
    with HostileApi(post, streams(BEGAN, answers, shown, answers, shown, hold)) as server:
        assert "show what became of run RUN" in refused(server.url)


def test_a_user_who_may_not_ask_waits_for_the_report(monkeypatch):
    monkeypatch.setattr(follow, "_SILENCE", 0.1, raising=False)
    asked = threading.Semaphore(0)

    def post(low):
        if not low["fun"].endswith("show"):
            return started()
        asked.release()
        return answer("x", "401 Unauthorized")

    def twice():
        assert asked.acquire(timeout=10) and asked.acquire(timeout=10)

    with HostileApi(post, streams(BEGAN, twice, RET, hold)) as server:
        assert report(server.url) == {"retcode": 0}


class Interrupted:
    """Presses Ctrl-C once when the run was started."""

    def __init__(self, to_cancel):
        self._to_cancel = to_cancel
        self._started, self.cancelled = threading.Event(), threading.Event()

    def post(self, low):
        if low["fun"].endswith("cancel"):
            self.cancelled.set()
            return self._to_cancel
        self._started.set()
        return started()

    def press(self):
        assert self._started.wait(10)
        os.kill(os.getpid(), signal.SIGINT)


def test_control_c_cancels_with_the_minion_of_the_call(capsys):
    user = Interrupted(started("2"))
    stream = streams(BEGAN, user.press, lambda: user.cancelled.wait(10), RET, hold)
    with HostileApi(user.post, stream) as server:
        assert report(server.url, minion="web1") == {"retcode": 0}
        assert server.calls[-1]["kwarg"] == {"run_id": "RUN", "minion": "web1"}
    assert "will be asked to stop" in capsys.readouterr().err


def test_a_second_control_c_ends_eos_and_says_that_the_run_was_asked_to_stop():
    user = Interrupted(started("2"))
    stream = streams(BEGAN, user.press, lambda: user.cancelled.wait(10), user.press, hold)
    with HostileApi(user.post, stream) as server:
        text = refused(server.url)
    assert "no longer following" in text and "run RUN was asked to stop" in text, text


def test_a_user_who_may_not_cancel_learns_that_the_run_continues():
    user = Interrupted(answer("x", "401 Unauthorized"))
    with HostileApi(user.post, streams(BEGAN, user.press, hold)) as server:
        text = refused(server.url)
    assert "not asked to stop" in text and "run RUN continues on the master" in text


def test_a_later_run_that_tells_of_the_death_of_this_one_ends_the_wait():
    died = {"jid": "1", "run_id": "RUN", "operation": "orchestrate", "died": True, "message": "x"}
    other = {**died, "jid": "2", "run_id": "OTHER"}
    told = (event("eos/staging/run/failed", data) for data in (other, died))
    with HostileApi(lambda _: started(), streams(BEGAN, *told, hold)) as server:
        assert "run RUN was killed or crashed" in refused(server.url)


def test_the_events_of_the_whole_run_are_no_stages_of_a_component(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    whole = {"jid": "1", "run_id": "RUN", "operation": "orchestrate", "message": "x"}
    began, ended = (event(f"eos/staging/run/{word}", whole) for word in ("started", "finished"))
    stage = event("eos/staging/web/applied", {"jid": "1", "run_id": "RUN"})
    # A stage that has several events is one line.
    with HostileApi(lambda _: started(), streams(began, stage, stage, ended, RET, hold)) as server:
        assert report(server.url) == {"retcode": 0}
    assert capsys.readouterr().err.splitlines() == ["  web  applied"]
