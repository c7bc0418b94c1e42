#!/usr/bin/env python3
"""Makes the corpora of the MLS fuzzers from published vectors: `mls_seeds.py VECTORS`, the folder of the JSON files.

One input for each structure and, where there are several, the smallest; the fuzzers find the rest.
"""
import json
import pathlib
import sys

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
# Field of messages.json -> its place in kStructures of mls_structs_fuzz.cpp. Bare proposals get their ProposalType.
STRUCTURES = {"mls_welcome": 0, "mls_group_info": 0, "mls_key_package": 0, "public_message_application": 0,
              "public_message_proposal": 0, "public_message_commit": 0, "private_message": 0, "ratchet_tree": 1,
              "group_secrets": 2, "commit": 3}
PROPOSALS = {"add_proposal": 1, "update_proposal": 2, "remove_proposal": 3, "pre_shared_key_proposal": 4,
             "re_init_proposal": 5, "external_init_proposal": 6, "group_context_extensions_proposal": 7}
A_PROPOSAL = 4
A_COMMIT = 3
GROUP_INFO, GROUP_CONTEXT, AUTHENTICATED, EXTENSION_CONTENTS, EXTENSIONS = 5, 6, 8, 9, 10
# The most that is worth a place in the tree.
LARGEST = 2048


def put(fuzzer, name, *parts):
    folder = CORPUS / fuzzer
    folder.mkdir(parents=True, exist_ok=True)
    contents = b"".join(parts)
    if len(contents) <= LARGEST:
        (folder / name).write_bytes(contents)


def vector(contents):
    assert 64 <= len(contents) < 1 << 14
    return (len(contents) | 0x4000).to_bytes(2, "big") + contents


def put_long_lists():
    """Lists as long as fit, which once cost the square of their length."""
    numbers = [n.to_bytes(2, "big") for n in range(1, 601)]
    psks = [b"\x01\x00\x04\x01\x01\x07\x20" + n + bytes(30) for n in numbers[:50]]
    customs = [b"\x01" + n + b"\x00" for n in numbers[0x10:0x1f0]]
    references = [b"\x02\x20" + n + bytes(30) for n in numbers[:55]]
    for name, proposals in (("psks", psks), ("customs", customs), ("references", references)):
        commit = vector(b"".join(proposals)) + b"\x00"
        put("mls_structs_fuzz", f"many_{name}", bytes([A_COMMIT]), commit)
        put("mls_process_fuzz", f"many_{name}", b"\x03", commit)
    extensions = [n + b"\x00" for n in numbers]
    put("mls_structs_fuzz", "many_extensions", bytes([EXTENSIONS]), vector(b"".join(extensions)))
    put("mls_structs_fuzz", "many_extensions_one_twice", bytes([EXTENSIONS]), vector(b"".join(extensions + extensions[-1:])))
    put("mls_process_fuzz", "many_group_extensions", b"\x02\x00\x07", vector(b"".join(extensions)))
    required = vector(b"".join(numbers[:300])) * 3
    put("mls_structs_fuzz", "many_required", bytes([EXTENSION_CONTENTS]), required)
    put("mls_process_fuzz", "many_required", b"\x02\x00\x07", vector(b"\x00\x03" + vector(required)))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    vectors = pathlib.Path(sys.argv[1])

    def load(name):
        return json.loads((vectors / f"{name}.json").read_text())

    def smallest(cases, field):
        return bytes.fromhex(min((case[field] for case in cases), key=len))

    messages = load("messages")
    for field, place in STRUCTURES.items():
        put("mls_structs_fuzz", field, bytes([place]), smallest(messages, field))
    for field, kind in PROPOSALS.items():
        proposal = kind.to_bytes(2, "big") + smallest(messages, field)
        put("mls_structs_fuzz", field, bytes([A_PROPOSAL]), proposal)
        put("mls_process_fuzz", "hostile_" + field, b"\x02", proposal)
    put("mls_structs_fuzz", "group_info", bytes([GROUP_INFO]), smallest(messages, "mls_group_info")[4:])
    epochs = load("key-schedule")[0]["epochs"]
    put("mls_structs_fuzz", "group_context", bytes([GROUP_CONTEXT]), bytes.fromhex(epochs[0]["group_context"]))
    put("mls_structs_fuzz", "authenticated", bytes([AUTHENTICATED]),
        bytes.fromhex(load("transcript-hashes")[0]["authenticated_content"]))

    put("mls_process_fuzz", "stranger_public", b"\x00", smallest(messages, "public_message_commit"))
    put("mls_process_fuzz", "stranger_private", b"\x00", smallest(messages, "private_message"))
    put("mls_process_fuzz", "hostile_commit", b"\x03", smallest(messages, "commit"))
    for message in range(9):
        put("mls_process_fuzz", f"changed_{message}", bytes([1, message]), b"\x80\x00\x00\x01")
    for commit in (4, 5):
        put("mls_process_fuzz", f"unchanged_commit_{commit}", bytes([commit]))
        put("mls_process_fuzz", f"changed_commit_{commit}", bytes([commit]), b"\x80\x00\x00\x01")

    put("mls_join_fuzz", "welcome", b"\x00", smallest(load("welcome"), "welcome"))
    put("mls_join_fuzz", "group_info", b"\x01", smallest(messages, "mls_group_info"))
    for kind in (2, 3, 5):
        put("mls_join_fuzz", f"changed_{kind}", bytes([kind]), b"\x80\x00\x00\x01")
    put("mls_join_fuzz", "unchanged", b"\x03")
    trees = sorted({case["tree"] for case in load("tree-validation")}, key=len)
    for number, tree in enumerate(trees[:3]):
        put("mls_join_fuzz", f"tree_{number}", b"\x04", bytes.fromhex(tree))

    put_long_lists()

    for kind in (0, 1, 2):
        put("mls_state_fuzz", f"empty_{kind}", bytes([kind, 1]))
    for record in range(0, 24, 3):
        put("mls_state_fuzz", f"changed_{record}", bytes([3, record]), b"\x80\x00\x00\x01")
        put("mls_state_fuzz", f"unchanged_{record}", bytes([3, record]))


if __name__ == "__main__":
    main()
