"""Contact discovery and blocking (protocol.md, REST)."""
import pytest

from harness.people import fresh_phone_number


def contact_ids(device):
    return {entry["user_id"] for entry in device.rest.get("/api/contacts").ok()["contacts"]}


def add(device, *numbers):
    return device.rest.post("/api/contacts", {"phone_numbers": list(numbers)})


def test_people_are_found_by_phone_number(people):
    alice, bob = people.devices(2)
    bob.rest.patch("/api/users/me", {"display_name": "Bob"}).ok()
    found = add(alice, bob.phone_number, fresh_phone_number()).ok()["contacts"]
    assert [entry["user_id"] for entry in found] == [bob.user_id]
    assert found[0]["display_name"] == "Bob"
    assert contact_ids(alice) == {bob.user_id}
    assert contact_ids(bob) == set()


def test_a_found_contact_says_which_number_it_answers(people):
    alice, bob, carol = people.devices(3)
    found = add(alice, carol.phone_number, bob.phone_number).ok()["contacts"]
    assert {entry["phone_number"]: entry["user_id"] for entry in found} == {
        bob.phone_number: bob.user_id, carol.phone_number: carol.user_id}


def test_adding_a_contact_twice_is_adding_it_once(people):
    alice, bob = people.devices(2)
    for _ in range(2):
        add(alice, bob.phone_number, bob.phone_number).ok()
    assert len(alice.rest.get("/api/contacts").ok()["contacts"]) == 1


def test_a_contact_is_removed(people):
    alice, bob = people.devices(2)
    add(alice, bob.phone_number).ok()
    alice.rest.delete(f"/api/contacts/{bob.user_id}").ok(204)
    assert contact_ids(alice) == set()


@pytest.mark.parametrize("body", [{}, {"phone_numbers": "x"}, {"phone_numbers": [5]}, {"phone_numbers": ["070"]},
                                  {"phone_numbers": [None]}, [], {"phone_numbers": {"a": 1}}])
def test_bad_phone_numbers_are_refused(people, body):
    people.sign_in().rest.post("/api/contacts", body).refused(400, "bad_request")


def test_too_many_phone_numbers_at_once_are_refused(people):
    numbers = [fresh_phone_number() for _ in range(20_000)]
    add(people.sign_in(), *numbers).refused(413, "too_large")


def test_a_blocked_person_cannot_write_and_neither_can_the_one_who_blocked(people):
    alice, bob = people.online(2)
    bob.say("before", to=alice)
    alice.rest.put(f"/api/blocks/{bob.user_id}").ok(204)
    bob.refusal(bob.post("blocked now", to=alice), "blocked")
    alice.refusal(alice.post("me too", to=bob), "blocked")


def test_a_block_also_holds_for_the_conversation_id(people):
    alice, bob = people.online(2)
    conversation = bob.say("before", to=alice)["conversation_id"]
    alice.rest.put(f"/api/blocks/{bob.user_id}").ok(204)
    bob.refusal(bob.post("by the back door", conversation=conversation), "blocked")


def test_a_blocked_person_cannot_begin_a_conversation(people):
    alice, bob = people.online(2)
    alice.rest.put(f"/api/blocks/{bob.user_id}").ok(204)
    bob.refusal(bob.post("hello", to=alice), "blocked")
    assert alice.device.inbox() == []


def test_after_an_unblock_messages_flow_again(people):
    alice, bob = people.online(2)
    alice.rest.put(f"/api/blocks/{bob.user_id}").ok(204)
    bob.refusal(bob.post("no", to=alice), "blocked")
    alice.rest.delete(f"/api/blocks/{bob.user_id}").ok(204)
    bob.say("yes", to=alice)
    alice.expect("message", content="yes")
    assert [frame["content"] for frame in alice.of("message")] == ["yes"]


def test_a_block_leaves_groups_alone(people):
    alice, bob, carol = people.online(3)
    group = carol.device.group_with([alice, bob])
    alice.rest.put(f"/api/blocks/{bob.user_id}").ok(204)
    bob.say("in the group", conversation=group)
    alice.expect("message", content="in the group")


def test_blocking_is_repeatable_and_survives_a_kill(make_server, make_people):
    server = make_server()
    alice, bob = make_people(server).devices(2)
    for _ in range(2):
        alice.rest.put(f"/api/blocks/{bob.user_id}").ok(204)
    server.crash_and_restart()
    connection = bob.online()
    connection.refusal(connection.post("still blocked", to=alice), "blocked")
    for _ in range(2):
        alice.rest.delete(f"/api/blocks/{bob.user_id}").ok(204)
    connection.say("free", to=alice)


def test_nobody_blocks_themselves_or_nobody(people):
    alice = people.sign_in()
    alice.rest.put(f"/api/blocks/{alice.user_id}").refused(400, "bad_request")
    alice.rest.put("/api/blocks/77").refused(404, "not_found")
