#!/usr/bin/python3
"""Runs tests with real processes: `tests/integration/run.py [FILE ...] [pytest's options]`.

Uses Debian's Python and its packages, whatever other Python comes first in PATH, and says what to install where one is
missing. SOTTO_BIN_DIR names the folder of the programs under test; by default it is the release build of this tree.
"""
import importlib.util
import os
import pathlib
import shutil
import sys

PYTHON = "/usr/bin/python3"
# What is imported or run -> the Debian package it comes from.
MODULES = {"pytest": "python3-pytest", "pytest_timeout": "python3-pytest-timeout", "websockets": "python3-websockets",
           "google.protobuf": "python3-protobuf"}
COMMANDS = {"protoc": "protobuf-compiler", "openssl": "openssl", "ps": "procps", "mount": "mount"}


def is_there(module):
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def missing_packages():
    return ([package for module, package in MODULES.items() if not is_there(module)] +
            [package for command, package in COMMANDS.items() if not shutil.which(command)])


def main():
    if os.path.exists(PYTHON) and os.path.realpath(sys.executable) != os.path.realpath(PYTHON):
        os.execv(PYTHON, [PYTHON, __file__, *sys.argv[1:]])
    missing = missing_packages()
    if missing:
        sys.exit("The tests with real processes need: apt-get install " + " ".join(missing))
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")  # the source tree stays as it was checked out
    arguments = sys.argv[1:] or [str(pathlib.Path(__file__).resolve().parent)]
    os.execv(PYTHON, [PYTHON, "-m", "pytest", *arguments])


if __name__ == "__main__":
    main()
