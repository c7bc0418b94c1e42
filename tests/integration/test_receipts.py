"""Delivered and read: told to the sender and to the reader's other devices, never going back (protocol.md, `receipts`)."""
import pytest

from harness import patience


def item(connection, status, user, message=None):
    """Waits for a receipt item; frames collect several, so all of them are looked through."""
    found = []

    def there():
        for frame in connection.of("receipts"):
            for each in frame["items"]:
                if each["status"] == status and each["user_id"] == user.user_id and message in (None, each["message_id"]):
                    found.append(each)
                    return True
        return False

    connection.wait_until(there, patience.ANSWER, f"{status} by {user.user_id} of {message}")
    return found[-1]


def items(connection):
    return [each for frame in connection.of("receipts") for each in frame["items"]]


def mark(connection, kind, frame):
    if kind == "delivered":
        connection.send("delivered", conversation_id=frame["conversation_id"], message_ids=[frame["message_id"]])
    else:
        connection.send("read", conversation_id=frame["conversation_id"], up_to_message_id=frame["message_id"])


@pytest.fixture
def said(people, form):
    """Alice said something that Bob has received."""
    alice, bob = people.online(2, form=form)
    alice.say("hello", to=bob)
    return alice, bob, bob.expect("message", content="hello")


@pytest.mark.parametrize("kind", ["delivered", "read"])
def test_the_sender_is_told(said, kind):
    alice, bob, frame = said
    mark(bob, kind, frame)
    told = item(alice, kind, bob, frame["message_id"])
    assert told["conversation_id"] == frame["conversation_id"] and int(told["updated_at"]) >= int(frame["created_at"])


def test_a_read_covers_everything_before_it(people):
    alice, bob = people.online(2)
    acks = [alice.say(str(number), to=bob) for number in range(5)]
    last = bob.expect("message", content="4")
    mark(bob, "read", last)
    item(alice, "read", bob, acks[4]["message_id"])
    for ack in acks:
        assert alice.device.receipts(ack["conversation_id"], ack["message_id"]) == {bob.user_id: "read"}
    assert [m["status"] for m in alice.device.history(last["conversation_id"])["messages"]] == ["read"] * 5


def test_a_status_never_goes_back(said):
    alice, bob, frame = said
    mark(bob, "read", frame)
    item(alice, "read", bob)
    mark(bob, "delivered", frame)
    mark(bob, "read", frame)
    second = alice.say("another", to=bob)
    mark(bob, "delivered", bob.expect("message", content="another"))
    item(alice, "delivered", bob, second["message_id"])
    about_first = [each["status"] for each in items(alice) if each["message_id"] == frame["message_id"]]
    assert about_first == ["read"]
    assert alice.device.receipts(frame["conversation_id"], frame["message_id"]) == {bob.user_id: "read"}


def test_reading_less_than_before_changes_nothing(people):
    alice, bob = people.online(2)
    first, second = alice.say("one", to=bob), alice.say("two", to=bob)
    mark(bob, "read", bob.expect("message", content="two"))
    item(alice, "read", bob, second["message_id"])
    bob.send("read", conversation_id=first["conversation_id"], up_to_message_id=first["message_id"])
    third = alice.say("three", to=bob)
    mark(bob, "delivered", bob.expect("message", content="three"))
    item(alice, "delivered", bob, third["message_id"])
    assert [each["message_id"] for each in items(alice) if each["status"] == "read"] == [second["message_id"]]


def test_a_repeated_receipt_is_told_once(said):
    alice, bob, frame = said
    for _ in range(5):
        mark(bob, "delivered", frame)
    mark(bob, "read", frame)
    item(alice, "read", bob)
    delivered = [each for each in items(alice) if each["status"] == "delivered"]
    assert len(delivered) <= 1


def test_the_readers_other_devices_are_told_of_the_read(people):
    alice, phone = people.online(1)[0], people.sign_in()
    here, there = phone.online(), phone.another().online()
    alice.say("hello", to=phone)
    frame = here.expect("message", content="hello")
    there.expect("message", content="hello")
    mark(here, "read", frame)
    told = item(there, "read", here, frame["message_id"])
    assert told["conversation_id"] == frame["conversation_id"]


def test_all_devices_of_the_sender_are_told(people):
    phone, bob = people.sign_in(), people.online(1)[0]
    here, there = phone.online(), phone.another().online()
    here.say("hello", to=bob)
    mark(bob, "read", bob.expect("message", content="hello"))
    item(here, "read", bob)
    item(there, "read", bob)


def test_a_receipt_while_the_sender_is_away_comes_with_the_catch_up(people):
    phone, bob = people.sign_in(), people.online(1)[0]
    here = phone.online()
    ack = here.say("hello", to=bob)
    here.close()
    frame = bob.expect("message", content="hello")
    other = phone.another().online()
    mark(bob, "read", frame)
    item(other, "read", bob)
    back = phone.online(ack["message_id"])
    assert {each["status"] for each in items(back)} >= {"read"}
    assert all(each["user_id"] == bob.user_id for each in items(back))


def test_with_a_fresh_sync_the_statuses_stand_in_the_messages(people):
    phone, bob = people.sign_in(), people.online(1)[0]
    here = phone.online()
    here.say("hello", to=bob)
    mark(bob, "read", bob.expect("message", content="hello"))
    item(here, "read", bob)
    assert [frame["status"] for frame in phone.online("0").of("message")] == ["read"]


def test_receipts_for_what_one_cannot_see_are_ignored(people):
    alice, bob, mallory = people.online(3)
    ack = alice.say("hello", to=bob)
    mark(mallory, "delivered", ack)
    mark(mallory, "read", ack)
    frame = bob.expect("message", content="hello")
    mark(bob, "read", frame)
    item(alice, "read", bob)
    assert {each["user_id"] for each in items(alice)} == {bob.user_id}
    assert alice.device.receipts(ack["conversation_id"], ack["message_id"]) == {bob.user_id: "read"}
    assert mallory.close_code is None


def test_a_receipt_for_ones_own_message_is_ignored(said):
    alice, bob, frame = said
    mark(alice, "delivered", frame)
    mark(alice, "read", frame)
    mark(bob, "read", frame)
    item(alice, "read", bob)
    drilled = alice.device.receipts(frame["conversation_id"], frame["message_id"])
    assert drilled == {bob.user_id: "read"}


@pytest.mark.parametrize("ids", [["1", "2", "3"], ["18446744073709551615"], ["0"], []])
def test_receipts_for_messages_that_do_not_exist_are_harmless(said, ids):
    alice, bob, frame = said
    bob.send("delivered", conversation_id=frame["conversation_id"], message_ids=ids)
    mark(bob, "delivered", frame)
    item(alice, "delivered", bob, frame["message_id"])
    assert {each["message_id"] for each in items(alice)} == {frame["message_id"]}


def test_reading_beyond_the_last_message_marks_only_what_is_there(people):
    alice, bob = people.online(2)
    ack = alice.say("one", to=bob)
    bob.expect("message", content="one")
    bob.send("read", conversation_id=ack["conversation_id"], up_to_message_id=str(int(ack["message_id"]) + (1 << 40)))
    item(alice, "read", bob)
    later = alice.say("two", to=bob)
    bob.expect("message", content="two")
    assert bob.device.inbox_entry(ack["conversation_id"])["unread_count"] == 1
    assert alice.device.receipts(ack["conversation_id"], later["message_id"])[bob.user_id] != "read"


def test_in_a_group_the_drill_down_tells_each_member(people):
    alice, bob, carol, dave = people.online(4)
    group = alice.device.group_with([bob, carol, dave])
    ack = alice.say("hello all", conversation=group)
    frames = {member.user_id: member.expect("message", content="hello all") for member in (bob, carol, dave)}
    mark(bob, "delivered", frames[bob.user_id])
    mark(carol, "read", frames[carol.user_id])
    item(alice, "delivered", bob)
    item(alice, "read", carol)
    drilled = alice.device.receipts(group, ack["message_id"])
    assert drilled[bob.user_id] == "delivered" and drilled[carol.user_id] == "read"
    assert drilled.get(dave.user_id, "sent") == "sent"


def test_in_a_group_the_status_is_that_of_the_slowest_member(people):
    alice, bob, carol = people.online(3)
    group = alice.device.group_with([bob, carol])
    alice.say("hello all", conversation=group)
    frames = {member.user_id: member.expect("message", content="hello all") for member in (bob, carol)}

    def status():
        return alice.device.history(group)["messages"][0]["status"]

    mark(bob, "read", frames[bob.user_id])
    item(alice, "read", bob)
    assert status() == "sent"
    mark(carol, "delivered", frames[carol.user_id])
    item(alice, "delivered", carol)
    assert status() == "delivered"
    mark(carol, "read", frames[carol.user_id])
    item(alice, "read", carol)
    assert status() == "read"


def test_a_read_in_a_group_is_told_to_every_sender_it_covers(people):
    alice, bob, carol = people.online(3)
    group = alice.device.group_with([bob, carol])
    alice.say("from alice", conversation=group)
    bob.say("from bob", conversation=group)
    carol.expect("message", content="from alice")
    mark(carol, "read", carol.expect("message", content="from bob"))
    item(alice, "read", carol)
    item(bob, "read", carol)


def test_many_receipts_are_batched(people):
    alice, bob = people.online(2)
    count = 200
    acks = [alice.post(str(number), to=bob) for number in range(count)]
    for key in acks:
        alice.answer(key)
    bob.expect("message", content=str(count - 1))
    frames = bob.of("message")
    bob.send_all([("delivered", {"conversation_id": frame["conversation_id"], "message_ids": [frame["message_id"]]})
                  for frame in frames])
    alice.wait_until(lambda: len({each["message_id"] for each in items(alice)}) == count)
    assert len(alice.of("receipts")) < count / 4, "receipts are collected, not sent one by one"


def test_receipts_survive_a_kill_of_the_server(make_server, make_people):
    server = make_server()
    people = make_people(server)
    alice, bob = people.online(2)
    ack = alice.say("hello", to=bob)
    mark(bob, "read", bob.expect("message", content="hello"))
    item(alice, "read", bob)
    server.crash_and_restart()
    assert alice.device.receipts(ack["conversation_id"], ack["message_id"]) == {bob.user_id: "read"}


@pytest.mark.parametrize("kind", ["delivered", "read"])
def test_what_is_confirmed_survives_a_kill_at_that_very_moment(make_server, make_people, kind, form):
    server = make_server()
    alice, bob = make_people(server).online(2, form=form)
    ack = alice.say("hello", to=bob)
    mark(bob, kind, bob.expect("message", content="hello"))
    bob.send("confirm", number=7)
    bob.expect("confirmed", number=7)
    server.crash_and_restart()
    assert alice.device.receipts(ack["conversation_id"], ack["message_id"]) == {bob.user_id: kind}


def test_the_drill_down_of_an_unknown_message_is_not_found(people):
    alice, bob = people.online(2)
    conversation = alice.say("x", to=bob)["conversation_id"]
    alice.rest.get(f"/api/conversations/{conversation}/messages/5/receipts").refused(404)
    alice.rest.get("/api/conversations/5/messages/5/receipts").refused(404, "not_found")
    alice.rest.get(f"/api/conversations/{conversation}/messages/abc/receipts").refused(400, "bad_request")
