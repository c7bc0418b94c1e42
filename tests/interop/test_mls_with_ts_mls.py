"""Runs mls.test.mjs: our MLS library (as `sotto-mls-peer`) in groups with ts-mls, an implementation from npm.

Needs node 20 or newer and npm; without them, or without a registry to install from, it is skipped and says so.
"""
import npm_project

from harness import binaries, patience

# What ts-mls and the libraries of its primitives ask for (WebCrypto as a global among other things).
OLDEST_NODE = 20


def test_our_mls_clients_and_those_of_ts_mls_share_groups():
    peer = binaries.program("sotto-mls-peer")
    project = npm_project.installed(OLDEST_NODE, "MLS")
    npm_project.run_tests(project, "mls.test.mjs", patience.BULK * 2, SOTTO_MLS_PEER=peer)
