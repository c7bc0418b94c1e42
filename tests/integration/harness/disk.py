"""A small disk of its own, to be filled: a tmpfs where the test may mount one (root), else the test is skipped."""
import contextlib
import os
import pathlib
import subprocess

import pytest


class SmallDisk:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self._ballast = self.path / "ballast"

    def fill(self, leave=0):
        """Writes until only `leave` bytes are free."""
        with self._ballast.open("ab") as file:
            while True:
                facts = os.statvfs(self.path)
                room = facts.f_bavail * facts.f_frsize - leave
                if room <= 0:
                    return
                try:
                    file.write(b"\0" * min(room, 1 << 20))
                    file.flush()
                except OSError:
                    return

    def free(self):
        self._ballast.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(folder, megabytes=24):
    path = pathlib.Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)], capture_output=True,
                          text=True)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def remount_read_only(disk):
    subprocess.run(["mount", "-o", "remount,ro", str(disk.path)], check=True)
