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
GROUP_INFO, GROUP_CONTEXT, AUTHENTICATED = 5, 6, 8
# The most that is worth a place in the tree.
LARGEST = 2048


def put(fuzzer, name, *parts):
    folder = CORPUS / fuzzer
    folder.mkdir(parents=True, exist_ok=True)
    contents = b"".join(parts)
    if len(contents) <= LARGEST:
        (folder / name).write_bytes(contents)


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

    for kind in (0, 1, 2):
        put("mls_state_fuzz", f"empty_{kind}", bytes([kind, 1]))
    for record in range(0, 24, 3):
        put("mls_state_fuzz", f"changed_{record}", bytes([3, record]), b"\x80\x00\x00\x01")
        put("mls_state_fuzz", f"unchanged_{record}", bytes([3, record]))


if __name__ == "__main__":
    main()
