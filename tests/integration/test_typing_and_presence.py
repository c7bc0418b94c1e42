"""Typing, presence, last seen and who may see it (protocol.md, `typing`, `presence_subscribe`, `presence`)."""
import pytest


def presence(connection, person, online):
    return connection.expect("presence", user_id=person.user_id, online=online)


def subscribe(connection, *people):
    connection.send("presence_subscribe", user_ids=[person.user_id for person in people])


def share(device, last_seen):
    device.rest.patch("/api/users/me", {"privacy": {"last_seen": last_seen}}).ok()


def test_typing_is_told_to_the_others_of_the_conversation(people, form):
    alice, bob = people.online(2, form=form)
    conversation = alice.say("hi", to=bob)["conversation_id"]
    alice.send("typing", conversation_id=conversation)
    frame = bob.expect("typing", conversation_id=conversation)
    assert frame["user_id"] == alice.user_id


def test_typing_in_a_group_reaches_all_members_and_not_the_one_who_types(people):
    alice, bob, carol = people.online(3)
    group = alice.device.group_with([bob, carol])
    for member in (bob, carol):
        member.expect("conversation", conversation_id=group)
    alice.send("typing", conversation_id=group)
    bob.expect("typing", user_id=alice.user_id)
    carol.expect("typing", user_id=alice.user_id)
    bob.send("typing", conversation_id=group)
    alice.expect("typing", user_id=bob.user_id)
    assert [frame["user_id"] for frame in alice.of("typing")] == [bob.user_id]


def test_an_outsider_cannot_type_into_a_conversation(people):
    alice, bob, mallory = people.online(3)
    conversation = alice.say("hi", to=bob)["conversation_id"]
    mallory.send("typing", conversation_id=conversation)
    mallory.send("typing", conversation_id="424242")
    mallory.say("a barrier", to=alice)
    alice.expect("message", content="a barrier")
    bob.send("typing", conversation_id=conversation)
    alice.expect("typing", user_id=bob.user_id)
    assert [frame["user_id"] for frame in alice.of("typing")] == [bob.user_id]
    assert mallory.close_code is None


def test_a_subscription_answers_for_each_person_at_once(people, form):
    alice, bob, carol = people.sign_in().online(form=form), people.sign_in(), people.sign_in()
    bob.online()
    subscribe(alice, bob, carol)
    presence(alice, bob, True)
    presence(alice, carol, False)


def test_coming_and_going_is_told(people):
    alice, bob = people.online(1)[0], people.sign_in()
    subscribe(alice, bob)
    presence(alice, bob, False)
    connection = bob.online()
    presence(alice, bob, True)
    connection.close()
    frame = presence(alice, bob, False)
    assert int(frame["last_seen_at"]) > 1_600_000_000_000


def test_a_killed_connection_is_offline_at_once(people):
    alice, bob = people.online(2)
    subscribe(alice, bob)
    presence(alice, bob, True)
    bob.drop()
    presence(alice, bob, False)


def test_a_person_is_online_as_long_as_one_device_is(people):
    alice, phone = people.online(1)[0], people.sign_in()
    here, there = phone.online(), phone.another().online()
    subscribe(alice, phone)
    presence(alice, phone, True)
    here.close()
    subscribe(alice, phone)
    presence(alice, phone, True)
    there.close()
    presence(alice, phone, False)


def test_last_seen_is_of_the_end_of_the_connection(people):
    alice, bob = people.online(2)
    server_time = int(bob.of("hello")[0]["server_time"])
    subscribe(alice, bob)
    presence(alice, bob, True)
    bob.close()
    assert int(presence(alice, bob, False)["last_seen_at"]) >= server_time


def test_a_person_who_was_never_here_has_no_last_seen(people):
    alice, ghost = people.online(1)[0], people.sign_in()
    subscribe(alice, ghost)
    frame = presence(alice, ghost, False)
    assert not frame.get("last_seen_at") or int(frame["last_seen_at"]) > 1_600_000_000_000


def test_a_new_subscription_replaces_the_one_before(people):
    alice, bob, carol = people.online(3)
    subscribe(alice, bob)
    presence(alice, bob, True)
    subscribe(alice, carol)
    presence(alice, carol, True)
    bob.close()
    carol.close()
    presence(alice, carol, False)
    assert not [frame for frame in alice.of("presence") if frame["user_id"] == bob.user_id and not frame["online"]]


@pytest.mark.parametrize("setting", ["nobody", "contacts"])
def test_privacy_hides_presence_and_last_seen(people, setting):
    alice, bob = people.online(2)
    share(bob.device, setting)
    subscribe(alice, bob)
    assert presence(alice, bob, False).get("last_seen_at") is None
    bob.close()
    watcher = alice.device.online()
    subscribe(watcher, bob)
    assert presence(watcher, bob, False).get("last_seen_at") is None


def test_contacts_of_the_person_see_what_is_shared_with_contacts(people):
    alice, bob = people.online(2)
    share(bob.device, "contacts")
    bob.rest.post("/api/contacts", {"phone_numbers": [alice.device.phone_number]}).ok()
    subscribe(alice, bob)
    presence(alice, bob, True)


def test_having_somebody_as_a_contact_does_not_make_one_theirs(people):
    alice, bob = people.online(2)
    share(bob.device, "contacts")
    alice.rest.post("/api/contacts", {"phone_numbers": [bob.device.phone_number]}).ok()
    subscribe(alice, bob)
    presence(alice, bob, False)


def test_a_change_of_privacy_takes_effect_on_running_subscriptions(people):
    alice, bob = people.online(2)
    share(bob.device, "everyone")
    subscribe(alice, bob)
    presence(alice, bob, True)
    share(bob.device, "nobody")
    presence(alice, bob, False)
    share(bob.device, "everyone")
    presence(alice, bob, True)


def test_a_block_hides_both_from_each_other(people):
    alice, bob = people.online(2)
    subscribe(alice, bob)
    presence(alice, bob, True)
    bob.rest.put(f"/api/blocks/{alice.user_id}").ok(204)
    presence(alice, bob, False)
    subscribe(bob, alice)
    assert presence(bob, alice, False).get("last_seen_at") is None
    bob.rest.delete(f"/api/blocks/{alice.user_id}").ok(204)
    subscribe(alice, bob)
    presence(alice, bob, True)


def test_presence_works_before_sync_but_nothing_is_pushed_until_then(people):
    alice, bob = people.sign_in().connect(), people.online(1)[0]
    subscribe(alice, bob)
    alice.sync()
    subscribe(alice, bob)
    presence(alice, bob, True)


@pytest.mark.parametrize("ids", [["1"], ["18446744073709551615"], ["0"], [], ["7"] * 500])
def test_unknown_people_are_offline(people, ids):
    alice, bob = people.online(2)
    alice.send("presence_subscribe", user_ids=ids)
    for user in set(ids):
        frame = alice.expect_any(("presence", "error"))
        if frame["type"] == "presence":
            assert frame["online"] is False and frame.get("last_seen_at") is None
    subscribe(alice, bob)
    presence(alice, bob, True)


def test_a_huge_subscription_is_bounded(people):
    alice, bob = people.online(2)
    alice.send("presence_subscribe", user_ids=[str(number) for number in range(1, 3001)])
    subscribe(alice, bob)
    presence(alice, bob, True)
    alice.say("still here", to=bob)
