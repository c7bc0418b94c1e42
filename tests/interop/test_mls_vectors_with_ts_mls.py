"""Runs vectors.test.mjs: our MLS vectors are read by ts-mls, an implementation from npm. Skipped where it cannot be had."""
import npm_project

from harness import binaries, patience

OLDEST_NODE = 20


def test_ts_mls_reads_our_vectors():
    project = npm_project.installed(OLDEST_NODE, "MLS")
    npm_project.run_tests(project, "vectors.test.mjs", patience.BULK, SOTTO_VECTORS=str(binaries.TREE / "tests" / "vectors" / "mls"))
