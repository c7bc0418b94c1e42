#!/usr/bin/python3
"""Plays the MLS vectors of this tree to an implementation that is not ours: `check_with_rfc9420.py [FOLDER]`.

It is the Python package `rfc9420`, whose source package has a runner for the working group's formats. Package and runner
are fetched once, by pip, into build/rfc9420. For whoever has made the vectors again (sotto-mls-make-vectors); the tests of
the tree do not need it. Prints a line for each kind; exit status 1 if a case fails.

What 1.3.0 fails at, with the working group's own vectors too, is left to ts-mls (tests/interop/vectors.test.mjs): the exporter,
handshakes in PrivateMessages, and trees that come beside a Welcome.
"""
import importlib.util
import json
import pathlib
import subprocess
import sys
import tarfile

TREE = pathlib.Path(__file__).resolve().parents[2]
HOME = TREE / "build" / "rfc9420"
REQUIREMENT = "rfc9420==1.3.0 --hash=sha256:{hash}\n"
SDIST_HASH = "8e6c5c2a35e4c479080a2a90d8cb44a9440d62b458cd69d6d03154c0fc1c66b4"
# Where the runner expects modules that the package has moved.
MOVED = {"rfc9420.protocol.secret_tree": "rfc9420.protocol.tree.secret_tree",
         "rfc9420.protocol import tree_math": "rfc9420.protocol.tree import tree_math",
         "rfc9420.protocol.ratchet_tree_backend": "rfc9420.protocol.tree.ratchet_tree_backend"}


def pip(*arguments):
    subprocess.run([sys.executable, "-m", "pip", arguments[0], "--quiet", "--disable-pip-version-check", *arguments[1:]], check=True)


def fetch():
    """The package in HOME/packages and its runner in HOME/runner.py."""
    if (HOME / "runner.py").exists():
        return
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "requirement.txt").write_text(REQUIREMENT.format(hash=SDIST_HASH))
    pip("download", "--no-deps", "--no-binary", "rfc9420", "--require-hashes", "-d", str(HOME), "-r", str(HOME / "requirement.txt"))
    [source] = HOME.glob("rfc9420-*.tar.gz")
    pip("install", "--target", str(HOME / "packages"), str(source))
    with tarfile.open(source) as archive:
        text = archive.extractfile(source.name.removesuffix(".tar.gz") + "/tests/test_vectors_runner.py").read().decode()
    for old, new in MOVED.items():
        text = text.replace(old, new)
    (HOME / "runner.py").write_text(text)


def load_runner():
    sys.path.insert(0, str(HOME / "packages"))
    spec = importlib.util.spec_from_file_location("runner", HOME / "runner.py")
    runner = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(runner)
    return runner


def within_reach(kind, case):
    """The case without what this version cannot do; None for one that is nothing else."""
    if kind == "key-schedule":
        return {**case, "epochs": [{field: value for field, value in epoch.items() if field != "exporter"} for epoch in case["epochs"]]}
    if kind == "passive-client":
        in_the_clear = all(epoch["commit"][4:8] == "0001" for epoch in case["epochs"])  # an MLSMessage with a PublicMessage
        return case if in_the_clear and case["ratchet_tree"] is None else None
    return case


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else TREE / "tests" / "vectors" / "mls"
    fetch()
    runner = load_runner()
    from rfc9420.backends.crypto.default_hpke import DefaultCryptoProvider
    failed = 0
    for file in sorted(folder.glob("*.json")):
        cases = [case for each in json.loads(file.read_text()) if (case := within_reach(file.stem, each)) is not None]
        check = getattr(runner, f"run_{file.stem.replace('-', '_')}_vector_spec")
        bad = []
        for number, case in enumerate(cases):
            arguments = [case] if file.stem in ("tree-math", "deserialization") else [case, DefaultCryptoProvider(case.get("cipher_suite", 1))]
            try:
                check(*arguments)
            except Exception as error:  # whatever it objects to, by an assertion or by an error of its own
                bad.append(f"  case {number}: {type(error).__name__}: {str(error)[:300]}")
        print(f"{file.stem}: {len(cases) - len(bad)} of {len(cases)} pass")
        print("\n".join(bad), end="\n" if bad else "")
        failed += len(bad)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
