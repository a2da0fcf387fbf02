"""Fixtures: a Salt site for each test, and servers that tests share."""

import collections
import signal

import pytest

from support import api, backends, notices, order, programs
from support import world as worlds
from support.bare import Bare
from support.consul import Consul
from support.http_backend import HttpBackend
from support.master import Master
from support.moto import Moto
from support.nomad import Nomad
from support.postgres import Postgres
from support.site import Site, forked
from support.vault import Vault


def pytest_configure():
    """A shell makes its background processes ignore SIGINT. Without this, all tested processes would ignore it too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    order.draw()


def pytest_report_header():
    return f"random order: {order.NAME}={order.seed()} repeats it"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    order.mix(items)
    order.group(items)


def pytest_xdist_make_scheduler(config, log):
    from support.scheduler import Scheduler

    return Scheduler(config, log)


def pytest_sessionfinish():
    forked.close()


def pytest_unconfigure():
    order.end()


@pytest.fixture
def site(tmp_path):
    programs.terraform()
    made = Site(tmp_path / "site")
    yield made
    made.close()


@pytest.fixture
def started(site):
    """Starts commands. They are always ended at the end of the test."""
    running = []

    def start(argv, **how):
        running.append(site.start(argv, **how))
        return running[-1]

    yield start
    for one in running:
        one.end()


@pytest.fixture(scope="session")
def postgres():
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(scope="session")
def moto(tmp_path_factory):
    server = Moto(tmp_path_factory.mktemp("moto"))
    yield server
    server.close()


def server(kind):
    """A server that all tests of one process share."""

    @pytest.fixture(scope="session")
    def running(tmp_path_factory):
        made = kind(tmp_path_factory.mktemp(kind.__name__.lower()))
        yield made
        made.close()

    return running


consul, nomad, vault = server(Consul), server(Nomad), server(Vault)


@pytest.fixture
def http_backend():
    server = HttpBackend()
    yield server
    server.close()


@pytest.fixture(scope="session")
def providers():
    """The mirror of the provider for tests."""
    programs.terraform()
    return worlds.mirror()


@pytest.fixture
def world(tmp_path, providers):
    made = worlds.World(tmp_path, providers)
    yield made
    made.close()


@pytest.fixture
def bare(tmp_path, world):
    """A terraform without Eos, in its own folder and with the world's CLI configuration."""
    made = []

    def bare(main, folder="bare"):
        made.append(Bare(tmp_path / folder, main, world))
        return made[-1]

    yield bare
    for one in made:
        one.close()


@pytest.fixture
def backend(request):
    """Makes a backend of a kind, and starts its server."""
    return lambda kind: backends.ALL[kind](request)


@pytest.fixture(scope="session")
def master(tmp_path_factory):
    programs.terraform()
    folder = tmp_path_factory.mktemp("master") / "a-path-too-long-for-sockets" / "site"
    running = Master(folder, extra=api.OPTIONS | notices.OPTIONS, env=notices.ENV)
    yield running
    running.close()


@pytest.fixture(scope="session")
def salt_api(master):
    running = api.SaltApi(master)
    yield running
    running.close()


def pytest_terminal_summary(terminalreporter):
    """Prints how many tests were skipped, and which programs were missing."""
    reasons = collections.Counter(
        report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else "?"
        for report in terminalreporter.stats.get("skipped", [])
    )
    terminalreporter.write_line(f"skipped: {sum(reasons.values())}")
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"  {count} {reason}")
