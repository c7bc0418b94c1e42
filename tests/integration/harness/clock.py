"""A server whose wall clock is somewhere else, by libfaketime: what takes an hour happens at once.

    server = make_server(environment=shifted("+2h"))
"""
import glob

import pytest

from harness import binaries

LIBRARY = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")


def shifted(offset):
    """Environment of a process whose clock is off by `offset`: "+2h", "-3d", "-10s"."""
    if not LIBRARY:
        pytest.skip("libfaketime is missing: apt-get install faketime")
    if binaries.SANITIZED:
        pytest.skip("sanitizers do not work together with libfaketime")
    return {"LD_PRELOAD": LIBRARY[0], "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
