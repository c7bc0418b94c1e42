"""The inbox: newest first, the last message, unread counts, pages (protocol.md, `GET /api/conversations`)."""
import pytest

THRESHOLD = 3
SERVER_OPTIONS = {"write_fanout_max_members": THRESHOLD}


def unread(connection, conversation):
    return connection.device.inbox_entry(conversation)["unread_count"]


def read(connection, frame, told):
    """Marks as read and waits until the sender has been told: then it has been stored."""
    connection.send("read", conversation_id=frame["conversation_id"], up_to_message_id=frame["message_id"])
    told.wait_until(lambda: any(each["status"] == "read" and each["user_id"] == connection.user_id and
                                int(each["message_id"]) >= int(frame["message_id"])
                                for receipts in told.of("receipts") for each in receipts["items"]), what="the read")


def test_a_new_person_has_an_empty_inbox(people):
    answer = people.sign_in().rest.get("/api/conversations").ok()
    assert answer["conversations"] == []


def test_an_entry_tells_who_said_what_last(people):
    alice, bob = people.online(2)
    alice.say("first", to=bob)
    ack = alice.say("last", to=bob)
    bob.expect("message", content="last")
    for device in (alice.device, bob.device):
        [entry] = device.inbox()
        assert entry["conversation_id"] == ack["conversation_id"] and entry["kind"] == "direct"
        assert entry["last_message"]["content"] == "last" and entry["last_message"]["message_id"] == ack["message_id"]
        assert int(entry["updated_at"]) >= int(ack["created_at"])


def test_conversations_stand_newest_first_and_move_up_with_a_message(people):
    alice, bob, carol = people.online(3)
    one = alice.say("to bob", to=bob)["conversation_id"]
    two = alice.say("to carol", to=carol)["conversation_id"]
    assert [entry["conversation_id"] for entry in alice.device.inbox()] == [two, one]
    bob.say("back", to=alice)
    assert [entry["conversation_id"] for entry in alice.device.inbox()] == [one, two]


def test_a_group_is_in_the_inbox_of_all_members_before_anything_is_said(people):
    alice, bob = people.devices(2)
    group = alice.group_with([bob], "Quiet")
    for device in (alice, bob):
        entry = device.inbox_entry(group)
        assert (entry["kind"], entry["name"], entry["unread_count"]) == ("group", "Quiet", 0)
        assert not entry["last_message"]


@pytest.mark.parametrize("crowd", [0, THRESHOLD], ids=["write fan-out", "read fan-out"])
def test_unread_counts_what_others_said_since_one_last_read(people, crowd):
    alice, bob = people.online(2)
    group = alice.device.group_with([bob] + people.devices(crowd))
    for number in range(3):
        alice.say(str(number), conversation=group)
    assert unread(bob, group) == 3 and unread(alice, group) == 0
    bob.say("my own words", conversation=group)
    assert unread(bob, group) == 3 and unread(alice, group) == 1
    read(bob, bob.expect("message", content="1"), alice)
    assert unread(bob, group) == 1
    read(bob, bob.expect("message", content="2"), alice)
    assert unread(bob, group) == 0
    alice.say("3", conversation=group)
    assert unread(bob, group) == 1


def test_a_delivered_message_is_still_unread(people):
    alice, bob = people.online(2)
    ack = alice.say("x", to=bob)
    bob.expect("message", content="x")
    bob.send("delivered", conversation_id=ack["conversation_id"], message_ids=[ack["message_id"]])
    alice.wait_until(lambda: bool(alice.of("receipts")))
    assert unread(bob, ack["conversation_id"]) == 1


def test_a_repeated_message_counts_once(people):
    alice, bob = people.online(2)
    key = alice.post("once", to=bob)
    conversation = alice.answer(key)["conversation_id"]
    for _ in range(3):
        alice.answer(alice.post("once", to=bob, key=key))
    assert unread(bob, conversation) == 1


def test_unread_is_the_same_after_a_kill_of_the_server(make_server, make_people):
    server = make_server()
    alice, bob = make_people(server).online(2)
    for number in range(5):
        conversation = alice.say(str(number), to=bob)["conversation_id"]
    read(bob, bob.expect("message", content="2"), alice)
    assert unread(bob, conversation) == 2
    server.crash_and_restart()
    assert unread(bob, conversation) == 2


def test_the_inbox_comes_in_pages_that_join(people):
    alice = people.online(1)[0]
    others = people.devices(23)
    conversations = [alice.say("hi", to=other)["conversation_id"] for other in others]
    seen, cursor, pages = [], None, 0
    while True:
        query = "?limit=5" + (f"&cursor={cursor}" if cursor else "")
        answer = alice.rest.get(f"/api/conversations{query}").ok()
        assert len(answer["conversations"]) <= 5
        seen += [entry["conversation_id"] for entry in answer["conversations"]]
        pages += 1
        cursor = answer.get("next_cursor") or answer.get("cursor")
        if not cursor:
            break
        assert pages <= 5
    assert seen == conversations[::-1]


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=abc", "limit=1e3", "limit=99999999999999999999", "cursor=%00",
                                   "cursor=nonsense", "cursor=" + "9" * 500, "limit=", "limit=5&limit=6"])
def test_a_bad_page_is_refused(people, query):
    people.sign_in().rest.get(f"/api/conversations?{query}").refused(400, "bad_request")
