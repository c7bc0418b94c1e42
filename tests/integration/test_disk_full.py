"""A disk that fills up while the server runs: writes are refused with `internal`, reads go on, and it recovers by
itself (protocol.md; guarantees.md, "Frames of one connection are processed in order")."""
import resource
import signal
import uuid

import pytest

from harness import patience
from harness.disk import small_disk

BODY = "x" * 4000
# More than SQLite can put into what is left of the file and its journal.
MOST_MESSAGES = 20_000


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        yield disk


def post_until_refused(sender, receiver):
    """Sends until the first `internal`; the acks before it, and (key, content) of what was refused."""
    acks = []
    for number in range(MOST_MESSAGES):
        content = f"{number}:{BODY}"
        key = sender.post(content, to=receiver)
        frame = sender.expect_any(("ack", "error"), patience.BULK, idempotency_key=key)
        if frame["type"] == "error":
            assert frame["code"] == "internal", frame
            return acks, (key, content)
        acks.append(frame)
    raise AssertionError("the disk never filled")


def test_a_full_disk_refuses_writes_serves_reads_and_recovers_by_itself(make_server, make_people, disk):
    server = make_server(folder="disk/data")
    people = make_people(server)
    alice, bob = people.online(2)
    first = alice.say("before", to=bob)
    disk.fill(leave=256 * 1024)
    acks, (key, content) = post_until_refused(alice, bob)
    disk.fill()

    assert server.alive()
    history = alice.device.history(first["conversation_id"])["messages"]
    assert history[0]["message_id"] == (acks or [first])[-1]["message_id"]
    assert bob.device.inbox() and alice.rest.get("/api/users/me").ok()
    assert len(bob.device.online("0").of("message")) == len(acks) + 1
    alice.refusal(alice.post("still full", to=bob), "internal")
    alice.rest.post("/api/groups", {"name": "no room", "member_ids": []}).refused(503, "internal")

    disk.free()
    again = retry(alice, content, to=bob, key=key)
    assert int(again["message_id"]) > int((acks or [first])[-1]["message_id"])
    alice.device.group_with([bob])
    assert len(bob.device.online("0").of("message")) == len(acks) + 2

    server.crash_and_restart()
    history = bob.device.whole_history(first["conversation_id"])
    assert [message["message_id"] for message in history] == [
        each["message_id"] for each in [first] + acks + [again]]


def retry(sender, content, **message):
    """Sends again what was refused until it is stored; the ack. The server refuses everything until it has the pong from
    behind its last error; a retry sent at once may overtake that pong, and so may every one that follows it."""
    for _ in range(100):
        sender.round_trip()
        key = sender.post(content, **message)
        frame = sender.expect_any(("ack", "error"), idempotency_key=key)
        if frame["type"] == "ack":
            return frame
        assert frame["code"] == "internal", frame
    raise AssertionError("the server did not recover")


def test_no_message_overtakes_a_refused_one(make_server, make_people, disk):
    """Pipelined messages behind a refused one are refused too, so that a retry in order keeps the order (G3)."""
    server = make_server(folder="disk/data")
    people = make_people(server)
    alice, bob = people.online(2)
    conversation = alice.say("before", to=bob)["conversation_id"]
    disk.fill(leave=512 * 1024)
    pipeline = [(str(uuid.uuid4()), f"{number}:{BODY}") for number in range(600)]
    alice.send_all([("message", {"idempotency_key": key, "conversation_id": conversation, "content": content})
                    for key, content in pipeline])
    outcomes = [alice.expect_any(("ack", "error"), patience.BULK, idempotency_key=key)["type"] for key, _ in pipeline]
    assert "error" in outcomes, "the disk never filled"
    refused = outcomes.index("error")
    assert set(outcomes[refused:]) == {"error"}, f"a message behind the refused one was stored: {outcomes[refused:][:50]}"
    disk.free()
    for key, content in pipeline[refused:]:
        retry(alice, content, conversation=conversation, key=key)
    contents = [message["content"] for message in bob.device.whole_history(conversation)]
    assert contents == ["before"] + [content for _, content in pipeline]


def test_the_log_does_not_fill_a_disk_that_has_room_for_the_messages(make_server, make_people, disk):
    """Each commit writes several times what it stores to SQLite's log: 1,500 of them some 40 MB on a disk of 24."""
    server = make_server(folder="disk/data")
    people = make_people(server)
    alice, bob = people.online(2)
    for number in range(1500):
        alice.say(f"{number}:{BODY}", to=bob)


def test_a_file_that_may_not_grow_is_no_different(make_server, make_people):
    """The same without root: RLIMIT_FSIZE makes writes fail with EFBIG, an I/O error where a full disk is SQLITE_FULL."""
    server = make_server(preexec=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
    people = make_people(server)
    alice, bob = people.online(2)
    first = alice.say("before", to=bob)
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (256 * 1024, hard))
    acks, (key, content) = post_until_refused(alice, bob)
    assert alice.device.history(first["conversation_id"])["messages"]
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    retry(alice, content, to=bob, key=key)
    assert len(bob.device.whole_history(first["conversation_id"])) == len(acks) + 2


def test_a_disk_that_is_full_at_the_start_is_one_clear_line(make_server, disk):
    disk.fill()
    server = make_server(folder="disk/data", start=False)
    server.launch()
    assert server.wait(patience.START) not in (0, -signal.SIGABRT, -signal.SIGSEGV)
    lines = [line for line in server.log().splitlines() if line.strip()]
    assert lines and "space" in lines[-1].lower() or "full" in lines[-1].lower(), lines
