#!/usr/bin/env python3
"""Runs a selection of the tests many times beside other load, and says what failed how often.

    stress.py BUILD_FOLDER TIMES [CTEST ARGUMENTS]        `./dev test --stress TIMES [CTEST ARGUMENTS]` calls it

The load is two busy loops for each core (SOTTO_STRESS_LOAD=N: N of them), so that whatever a test takes for granted about
time shows. What the failed tests printed is kept in BUILD_FOLDER/stress. Exit status 1 if anything failed.
"""
import collections
import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree as tree

# It looks after its parent, so that none is left behind whatever ends this program.
BUSY = "import os, time\nparent = os.getppid()\nwhile os.getppid() == parent:\n    for _ in range(1_000_000): pass\n"


def run(build, round_number, selection, folder):
    """Plays the selection once. How many tests ran, and name and output of each that failed."""
    report = folder / f"round-{round_number:03}.xml"
    report.unlink(missing_ok=True)
    done = subprocess.run(["ctest", "--test-dir", str(build), "--no-tests=error", "-j", str(os.cpu_count()),
                           "--output-junit", str(report.resolve()), *selection], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if not report.exists():
        sys.exit(f"ctest could not run:\n{done.stdout}")
    cases = tree.parse(report).getroot().findall("testcase")
    ran = [case for case in cases if case.get("status") != "notrun"]
    failed = {case.get("name"): case.findtext("system-out") or "" for case in ran if case.get("status") == "fail"}
    report.unlink()
    if done.returncode and not failed:
        sys.exit(f"ctest failed without a failed test:\n{done.stdout}")
    return len(ran), failed


def main():
    if len(sys.argv) < 3 or not sys.argv[2].isdigit() or int(sys.argv[2]) < 1:
        sys.exit(__doc__)
    build, times, selection = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    folder = build / "stress"
    folder.mkdir(parents=True, exist_ok=True)
    loops = int(os.environ.get("SOTTO_STRESS_LOAD", 2 * os.cpu_count()))
    load = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(loops)]
    failures = collections.Counter()
    try:
        for number in range(1, times + 1):
            begun = time.monotonic()
            ran, failed = run(build, number, selection, folder)
            failures.update(failed.keys())
            for name, output in failed.items():
                (folder / f"round-{number:03}-{name.replace('/', '_')}.log").write_text(output)
            print(f"round {number} of {times}: {ran} tests beside {loops} busy loops, {time.monotonic() - begun:.0f} s, "
                  f"{len(failed)} failed{': ' if failed else ''}{', '.join(sorted(failed))}", flush=True)
    finally:
        for each in load:
            each.kill()
            each.wait()
    for name, count in failures.most_common():
        print(f"{name}: failed {count} of {times}")
    print(f"{'nothing' if not failures else len(failures)} failed in {times} rounds"
          + (f"; what they printed is in {folder}" if failures else ""))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
