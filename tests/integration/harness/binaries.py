"""Where the programs under test are: SOTTO_BIN_DIR, or the release build of this tree."""
import os
import pathlib

import pytest

TREE = pathlib.Path(__file__).resolve().parents[3]
BIN_DIR = pathlib.Path(os.environ.get("SOTTO_BIN_DIR", TREE / "build" / "release" / "bin"))


SANITIZED = any(name in BIN_DIR.parts for name in ("asan", "tsan"))


def memory_limit(size):
    """`size`, or no limit under a sanitizer: it keeps what was freed, to notice that it is used again."""
    return float("inf") if SANITIZED else size


def program(name):
    """The path of a program of the build. A program that was not built is skipped, unless SOTTO_REQUIRE_PROGRAMS says
    that the build is a complete one."""
    path = BIN_DIR / name
    if not path.exists():
        reason = f"{path} has not been built"
        if os.environ.get("SOTTO_REQUIRE_PROGRAMS"):
            pytest.fail(reason)
        pytest.skip(reason)
    return str(path)
