"""Messages: from one connection to another, their fields, their errors, replies and keys (protocol.md, `message`)."""
import uuid

import pytest

from harness import frames


def test_a_message_is_acked_and_delivered(people, form):
    alice, bob = people.online(2, form=form)
    key = alice.post("hello", to=bob)
    ack = alice.answer(key)
    assert ack["status"] == "sent" and ack["idempotency_key"] == key
    frame = bob.expect("message", content="hello")
    assert frame["message_id"] == ack["message_id"]
    assert frame["conversation_id"] == ack["conversation_id"]
    assert frame["created_at"] == ack["created_at"]
    assert frame["sender_id"] == alice.user_id and frame["sender_device_id"] == alice.device_id
    assert frame["idempotency_key"] == key and frame["status"] == "sent"


def test_the_two_subprotocols_talk_to_each_other(people):
    alice, bob = people.sign_in().online(form=frames.BINARY), people.sign_in().online(form=frames.JSON)
    alice.say("from binary ☎", to=bob)
    bob.expect("message", content="from binary ☎")
    bob.say("from JSON 🦊", to=alice)
    alice.expect("message", content="from JSON 🦊")


def test_a_message_id_is_a_snowflake_of_its_time(people):
    alice, bob = people.online(2)
    ack = alice.say("when", to=bob)
    epoch = 1704067200000  # 2024-01-01T00:00:00Z
    assert (int(ack["message_id"]) >> 22) + epoch == int(ack["created_at"])


def test_the_example_of_the_protocol_works_with_numbers_and_null(people):
    alice, bob = people.online(2)
    alice.send("message", idempotency_key="7d0e0f5e-1f0e-4c55-9a58-5a6a4a4e0b5f", receiver_id=int(bob.user_id),
               content="hello", media_url=None)
    assert alice.expect("ack")["status"] == "sent"
    bob.expect("message", content="hello")


def test_unknown_fields_are_ignored(people):
    alice, bob = people.online(2)
    alice.say("hello", to=bob, mood="sunny", nested={"a": [1, {"b": None}]})
    bob.expect("message", content="hello")


def test_media_and_reply_travel_with_the_message(people, form):
    alice, bob = people.online(2, form=form)
    first = bob.say("look", to=alice)
    url = "https://media.example/1"
    alice.say("at this", to=bob, media_url=url, reply_to_message_id=first["message_id"])
    frame = bob.expect("message", content="at this")
    assert frame["media_url"] == url and frame["reply_to_message_id"] == first["message_id"]
    [newest, _] = bob.device.history(first["conversation_id"])["messages"]
    assert newest["media_url"] == url and newest["reply_to_message_id"] == first["message_id"]


def test_ciphertext_travels_as_it_is(people, form):
    alice, bob = people.online(2, form=form)
    ack = alice.say(to=bob, ciphertext="AAECAwT/gH8=", epoch="7")
    frame = bob.expect("message", message_id=ack["message_id"])
    assert frame["ciphertext"] == "AAECAwT/gH8=" and frame["epoch"] == "7" and not frame.get("content")
    [stored] = bob.device.history(ack["conversation_id"])["messages"]
    assert stored["ciphertext"] == "AAECAwT/gH8=" and str(stored["epoch"]) == "7"


@pytest.mark.parametrize("text", ["🧑🏽‍🚀👩‍👩‍👧‍👦", "שלום עולם", "مرحبا", "\u0000 nul", "a\r\nb\tc", "\"quotes\\ and / slashes\"",
                                  "\u2028\u2029", "e\u0301 é", "<script>alert(1)</script>", "x" * 60_000])
def test_text_arrives_as_it_was_sent(people, form, text):
    alice, bob = people.online(2, form=form)
    ack = alice.say(text, to=bob)
    assert bob.expect("message", message_id=ack["message_id"])["content"] == text
    assert bob.device.history(ack["conversation_id"])["messages"][0]["content"] == text


def test_a_direct_conversation_has_one_id_however_it_is_begun(people):
    alice, bob = people.online(2)
    conversation = alice.say("one", to=bob)["conversation_id"]
    assert bob.say("two", to=alice)["conversation_id"] == conversation
    assert alice.device.direct_with(bob) == bob.device.direct_with(alice) == conversation
    assert alice.say("three", conversation=conversation)["conversation_id"] == conversation


def test_two_first_messages_at_once_make_one_conversation(people):
    alice, bob = people.online(2)
    keys = [(alice, alice.post("from alice", to=bob)), (bob, bob.post("from bob", to=alice))]
    conversations = {sender.answer(key)["conversation_id"] for sender, key in keys}
    assert len(conversations) == 1
    alice.expect("message", content="from bob")
    bob.expect("message", content="from alice")


def test_a_direct_conversation_with_nobody_is_refused_and_one_with_oneself_is_a_notebook(people):
    alice = people.online(1)[0]
    alice.rest.put("/api/conversations/direct/12345").refused(404, "not_found")
    alice.refusal(alice.post("hello?", to="12345"), "not_found")
    notebook = alice.rest.put(f"/api/conversations/direct/{alice.user_id}").ok()["conversation_id"]
    assert alice.say("a note to myself", to=alice)["conversation_id"] == notebook


@pytest.mark.parametrize("fields", [
    {}, {"content": "x"}, {"receiver_id": "1"}, {"content": "x", "receiver_id": "BOB", "conversation_id": "5"},
    {"content": "x", "receiver_id": "0"}, {"content": "x", "conversation_id": "0"},
    {"receiver_id": "BOB"}, {"receiver_id": "BOB", "content": ""},
])
def test_a_message_without_one_addressee_and_one_body_is_refused(people, fields):
    alice, bob = people.online(2)
    fields = {name: bob.user_id if value == "BOB" else value for name, value in fields.items()}
    alice.refusal(alice.post(None, **fields), "bad_frame")
    alice.say("still fine", to=bob)


@pytest.mark.parametrize("key", ["", "not-a-uuid", "7d0e0f5e1f0e4c559a585a6a4a4e0b5", "x" * 36, "7d0e0f5e-1f0e-4c55-9a58-5a6a4a4e0b5f0"])
def test_a_key_that_is_no_uuid_is_refused(people, form, key):
    alice, bob = people.online(2, form=form)
    alice.send("message", idempotency_key=key, receiver_id=bob.user_id, content="x")
    assert alice.expect("error")["code"] == "bad_frame"
    alice.say("still fine", to=bob)


def test_a_message_to_an_unknown_conversation_is_refused(people):
    alice = people.online(1)[0]
    alice.refusal(alice.post("hello?", conversation="424242"), "not_found")


def test_a_reply_to_a_message_of_another_conversation_is_refused(people):
    alice, bob, carol = people.online(3)
    elsewhere = bob.say("between bob and carol", to=carol)
    alice.refusal(alice.post("quoting", to=carol, reply_to_message_id=elsewhere["message_id"]), "bad_frame")


def test_encryption_can_be_required(make_server, make_people):
    people = make_people(make_server(require_encryption=True))
    alice, bob = people.online(2)
    alice.refusal(alice.post("in the clear", to=bob), "encryption_required")
    alice.say(to=bob, ciphertext="c2VhbGVk", epoch="0")
    assert bob.expect("message")["ciphertext"] == "c2VhbGVk"


# ---- idempotency

def test_the_same_key_again_is_the_same_message(people, form):
    alice, bob = people.online(2, form=form)
    key = alice.post("once", to=bob)
    first = alice.answer(key)
    alice.post("once", to=bob, key=key)
    again = alice.answer(key)
    assert again == first
    bob.expect("message", content="once")
    alice.say("next", to=bob)
    bob.expect("message", content="next")
    assert [frame["content"] for frame in bob.of("message")] == ["once", "next"]
    assert len(bob.device.history(first["conversation_id"])["messages"]) == 2


def test_the_same_key_pipelined_is_one_message(people):
    alice, bob = people.online(2)
    key = str(uuid.uuid4())
    alice.send_all([("message", {"idempotency_key": key, "receiver_id": bob.user_id, "content": "x"})] * 20)
    ids = {alice.answer(key)["message_id"] for _ in range(20)}
    assert len(ids) == 1
    alice.say("end", to=bob)
    bob.expect("message", content="end")
    assert len(bob.of("message")) == 2


def test_a_lost_ack_is_repeated_on_a_new_connection(people):
    alice, bob = people.sign_in(), people.online(1)[0]
    connection = alice.online()
    key = connection.post("was it stored?", to=bob)
    bob.expect("message", content="was it stored?")
    connection.drop()
    again = alice.online()
    again.post("was it stored?", to=bob, key=key)
    ack = again.answer(key)
    again.say("end", to=bob)
    bob.expect("message", content="end")
    assert [frame["message_id"] for frame in bob.of("message")][0] == ack["message_id"]
    assert len(bob.of("message")) == 2


def test_a_retry_from_another_device_is_the_same_message(people):
    phone, bob = people.sign_in(), people.online(1)[0]
    key = str(uuid.uuid4())
    first = phone.online().say("x", to=bob, key=key)
    second = phone.another().online().say("x", to=bob, key=key)
    assert first["message_id"] == second["message_id"]


def test_the_same_key_survives_a_kill_of_the_server(make_server, make_people):
    server = make_server()
    alice, bob = make_people(server).devices(2)
    key = str(uuid.uuid4())
    first = alice.online().say("durable", to=bob, key=key)
    server.crash_and_restart()
    again = alice.online().say("durable", to=bob, key=key)
    assert again["message_id"] == first["message_id"] and again["created_at"] == first["created_at"]
    assert len(bob.online().of("message")) == 1


@pytest.mark.parametrize("change", [{"text": "other"}, {"media_url": "https://media.example/2"}, {"reply": True},
                                    {"ciphertext": "b3RoZXI="}, {"elsewhere": True}])
def test_the_same_key_with_other_content_is_its_own_error(people, change):
    alice, bob, carol = people.online(3)
    earlier = alice.say("earlier", to=bob)
    key = alice.post("original", to=bob)
    ack = alice.answer(key)
    fields = {"media_url": change["media_url"]} if "media_url" in change else {}
    if "reply" in change:
        fields["reply_to_message_id"] = earlier["message_id"]
    text = change.get("text", "original")
    if "ciphertext" in change:
        text, fields["ciphertext"] = None, change["ciphertext"]
    alice.refusal(alice.post(text, to=carol if "elsewhere" in change else bob, key=key, **fields), "idempotency_mismatch")
    assert [m["content"] for m in bob.device.history(ack["conversation_id"])["messages"]] == ["original", "earlier"]


def test_the_same_content_by_receiver_and_by_conversation_is_the_same_message(people):
    alice, bob = people.online(2)
    key = str(uuid.uuid4())
    first = alice.say("same", to=bob, key=key)
    second = alice.say("same", conversation=first["conversation_id"], key=key)
    assert first["message_id"] == second["message_id"]


def test_two_people_may_use_the_same_key(people):
    alice, bob, carol = people.online(3)
    key = str(uuid.uuid4())
    one = alice.say("from alice", to=carol, key=key)
    two = bob.say("from bob", to=carol, key=key)
    assert one["message_id"] != two["message_id"]
    carol.expect("message", content="from alice")
    carol.expect("message", content="from bob")


# ---- order

def test_pipelined_messages_keep_their_order(people, form):
    alice, bob = people.online(2, form=form)
    count = 500
    keys = [str(uuid.uuid4()) for _ in range(count)]
    alice.send_all([("message", {"idempotency_key": key, "receiver_id": bob.user_id, "content": str(number)})
                    for number, key in enumerate(keys)])
    acks = [alice.answer(key) for key in keys]
    ids = [int(ack["message_id"]) for ack in acks]
    assert ids == sorted(set(ids))
    assert [frame["idempotency_key"] for frame in alice.of("ack")] == keys
    bob.wait_until(lambda: len(bob.received) >= count + 2)
    bob.expect("message", content=str(count - 1))
    assert [frame["content"] for frame in bob.of("message")] == [str(number) for number in range(count)]


def test_every_member_sees_the_same_order_of_many_senders(people):
    members = people.online(6)
    group = members[0].device.group_with(members[1:])
    each = 60
    for member in members:
        member.send_all([("message", {"idempotency_key": str(uuid.uuid4()), "conversation_id": group,
                                      "content": f"{member.user_id}/{number}"}) for number in range(each)])
    for member in members:
        member.wait_until(lambda: len([f for f in member.received if f["type"] in ("message", "ack")]) >= 6 * each)
    truth = [message["message_id"] for message in members[0].device.whole_history(group)]
    assert len(truth) == 6 * each and truth == sorted(truth, key=int)
    for member in members:
        own = [frame["message_id"] for frame in member.of("ack")]
        seen = [frame["message_id"] for frame in member.of("message")]
        assert sorted(own + seen, key=int) == truth
        numbers = {}
        for frame in member.of("message"):
            sender, number = frame["content"].split("/")
            assert numbers.get(sender, -1) + 1 == int(number)
            numbers[sender] = int(number)
