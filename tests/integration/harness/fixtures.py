"""Fixtures of all tests with real processes: a server shared by the tests of a file, servers of one's own, people."""
import pytest

from harness import frames
from harness.people import People
from harness.server import Server


@pytest.fixture(scope="module")
def server(request, tmp_path_factory):
    """One server for all tests of a file, configured by the file's SERVER_OPTIONS. They share nothing else: everybody in
    them has a fresh phone number."""
    options = getattr(request.module, "SERVER_OPTIONS", {})
    with Server(tmp_path_factory.mktemp("server") / "data", **options) as running:
        yield running


@pytest.fixture
def people(server):
    """People on the shared server. After the test it must be alive and their streams in order."""
    group = People(server)
    yield group
    group.finish()
    assert server.alive(), f"the server died:\n{server.log()}"


@pytest.fixture
def make_server(tmp_path):
    """Servers of the test's own, with their own configuration: make_server(write_fanout_max_members=3)."""
    servers = []

    def make(folder="data", start=True, **options):
        server = Server(tmp_path / folder, **options)
        servers.append(server)
        return server.start() if start else server

    yield make
    for server in servers:
        if server.alive():
            server.kill()
        server.check_log()


@pytest.fixture
def make_people():
    """People on a server of the test's own."""
    groups = []

    def make(server, **how):
        groups.append(People(server, **how))
        return groups[-1]

    yield make
    for group in groups:
        group.finish()


@pytest.fixture(params=[frames.JSON, frames.BINARY], ids=["json", "binary"])
def form(request):
    """Both subprotocols in turn."""
    return request.param


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of its servers' logs."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        servers = [value for value in item.funcargs.values() if isinstance(value, Server)]
        servers += [value.server for value in item.funcargs.values() if isinstance(value, People)]
        for server in {id(each): each for each in servers}.values():
            report.sections.append(("server log", "\n".join(server.log().splitlines()[-60:])))
