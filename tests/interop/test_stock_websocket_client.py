"""Runs protocol.test.mjs, the JSON protocol driven by a stock WebSocket client from npm, against a server of its own.

Needs node 18 or newer and npm; without them, or without a registry to install from, it is skipped and says so.
"""
import npm_project
import pytest

from harness import patience

# `node --test` and global fetch.
OLDEST_NODE = 18


@pytest.fixture(scope="module")
def project():
    return npm_project.installed(OLDEST_NODE, "the JSON protocol")


def test_a_stock_client_from_npm_speaks_the_json_protocol(server, project):
    npm_project.run_tests(project, "protocol.test.mjs", patience.BULK * 2, SOTTO_URL=server.url)
