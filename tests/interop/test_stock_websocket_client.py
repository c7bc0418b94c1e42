"""Runs protocol.test.mjs, the JSON protocol driven by a stock WebSocket client from npm, against a server of its own.

Needs node 18 or newer and npm; without them, or without a registry to install from, it is skipped and says so.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess

import pytest

from harness import patience

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = ("package.json", "package-lock.json", ".npmrc", "person.mjs", "protocol.test.mjs")
# `node --test` and global fetch.
OLDEST_NODE = 18


def skip_without_node():
    for name in ("node", "npm"):
        if not shutil.which(name):
            pytest.skip(f"{name} is missing: the JSON protocol was not driven by a client from npm")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
    if int(version.split(".")[0]) < OLDEST_NODE:
        pytest.skip(f"node {version} is too old: the JSON protocol was not driven by a client from npm")


@pytest.fixture(scope="module")
def project():
    """The sources beside their installed packages, in the build folder: installed again only when the lock changes."""
    skip_without_node()
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = pathlib.Path(os.environ.get("SOTTO_INTEROP_DIR", HERE.parents[1] / "build" / "interop")) / lock
    folder.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        shutil.copyfile(HERE / name, folder / name)
    if not (folder / "node_modules" / "ws").exists():
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder,
                              capture_output=True, text=True, timeout=180)
        if done.returncode:
            pytest.skip(f"npm cannot install the client: {done.stderr.strip().splitlines()[-1:]}")
    return folder


def test_a_stock_client_from_npm_speaks_the_json_protocol(server, project):
    environment = {**os.environ, "SOTTO_URL": server.url}
    done = subprocess.run(["node", "--test", "protocol.test.mjs"], cwd=project, env=environment, capture_output=True,
                          text=True, timeout=patience.BULK * 2)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
