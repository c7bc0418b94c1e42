"""Tests in JavaScript with packages from npm: the sources beside their installed packages, in the build folder."""
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
SETTINGS = ("package.json", "package-lock.json", ".npmrc")


def skip_without_node(oldest, what):
    for name in ("node", "npm"):
        if not shutil.which(name):
            pytest.skip(f"{name} is missing: {what} was not driven by a client from npm")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
    if int(version.split(".")[0]) < oldest:
        pytest.skip(f"node {version} is older than {oldest}: {what} was not driven by a client from npm")


def installed(oldest, what):
    """The folder with everything in place; installed again only when the lock changes."""
    skip_without_node(oldest, what)
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = pathlib.Path(os.environ.get("SOTTO_INTEROP_DIR", HERE.parents[1] / "build" / "interop")) / lock
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as held:  # two files of tests may get here at once
        fcntl.flock(held, fcntl.LOCK_EX)
        for source in [HERE / name for name in SETTINGS] + sorted(HERE.glob("*.mjs")):
            shutil.copyfile(source, folder / source.name)
        if not (folder / "installed").exists():
            done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder,
                                  capture_output=True, text=True, timeout=180)
            if done.returncode:
                pytest.skip(f"{what} was not driven by a client from npm, which cannot be installed: "
                            f"{done.stderr.strip().splitlines()[-1:]}")
            (folder / "installed").touch()
    return folder


def run_tests(folder, file, timeout, **environment):
    done = subprocess.run(["node", "--test", file], cwd=folder, env={**os.environ, **environment}, capture_output=True,
                          text=True, timeout=timeout)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
