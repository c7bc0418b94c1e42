"""Profiles: one's own, other people's, and leaving for good (protocol.md, REST)."""
import json

import pytest

from harness.rest import Rest


def me(device):
    return device.rest.get("/api/users/me").ok()


def test_a_new_person_has_a_profile(people):
    device = people.sign_in()
    profile = me(device)
    assert profile["user_id"] == device.user_id
    assert profile["privacy"]["last_seen"] == "everyone"
    assert {"display_name", "about"} <= set(profile)


def test_a_profile_is_changed_field_by_field(people):
    device = people.sign_in()
    device.rest.patch("/api/users/me", {"display_name": "Ada L.", "about": "Notes on the engine"}).ok()
    device.rest.patch("/api/users/me", {"about": "Bernoulli numbers ∑ 🧮"}).ok()
    device.rest.patch("/api/users/me", {"privacy": {"last_seen": "nobody"}}).ok()
    profile = me(device)
    assert profile["display_name"] == "Ada L."
    assert profile["about"] == "Bernoulli numbers ∑ 🧮"
    assert profile["privacy"] == {"last_seen": "nobody"}


def test_others_see_the_profile_but_not_the_phone_number(people):
    alice, bob = people.devices(2)
    alice.rest.patch("/api/users/me", {"display_name": "Alice"}).ok()
    answer = bob.rest.get(f"/api/users/{alice.user_id}")
    assert answer.ok()["display_name"] == "Alice" and answer.json["user_id"] == alice.user_id
    assert alice.phone_number.encode() not in answer.body


def test_an_unknown_person_is_not_found(people):
    rest = people.sign_in().rest
    rest.get("/api/users/4").refused(404, "not_found")
    rest.get("/api/users/0").refused(404, "not_found")
    rest.get("/api/users/9223372036854775807").refused(404)
    rest.get("/api/users/9223372036854775808").refused(400, "bad_request")


@pytest.mark.parametrize("user", ["-1", "18446744073709551616", "abc", "1.5", "0x10", "%00", "1%20", "9" * 400])
def test_a_user_id_that_is_none_is_refused(people, user):
    people.sign_in().rest.get(f"/api/users/{user}").refused(400, "bad_request")


@pytest.mark.parametrize("change", [
    {"display_name": 5}, {"display_name": "x" * 10_000}, {"display_name": ["a"]}, {"about": {}}, {"about": "x" * 10_000},
    {"privacy": "nobody"}, {"privacy": {"last_seen": "martians"}}, {"privacy": {"last_seen": 1}}, [], "text", 7, None,
])
def test_a_bad_change_of_the_profile_is_refused_and_changes_nothing(people, change):
    device = people.sign_in()
    device.rest.patch("/api/users/me", {"display_name": "Before"}).ok()
    before = me(device)
    device.rest.patch("/api/users/me", raw=json.dumps(change).encode(),
                      headers={"Content-Type": "application/json"}).refused(400, "bad_request")
    assert me(device) == before


def test_a_half_bad_change_changes_nothing(people):
    device = people.sign_in()
    before = me(device)
    device.rest.patch("/api/users/me", {"display_name": "New", "privacy": {"last_seen": "martians"}}).refused(400, "bad_request")
    assert me(device) == before


def test_unknown_fields_of_a_profile_are_ignored(people):
    device = people.sign_in()
    device.rest.patch("/api/users/me", {"display_name": "Ada", "shoe_size": 38, "user_id": "7"}).ok()
    assert me(device)["display_name"] == "Ada" and me(device)["user_id"] == device.user_id


def test_deleting_the_account_ends_all_devices(people):
    phone, bob = people.devices(2)
    laptop = phone.another()
    connection = laptop.online()
    phone.rest.delete("/api/users/me").ok(204)
    connection.expect_close(4001)
    for device in (phone, laptop):
        device.rest.get("/api/users/me").refused(401)
    bob.rest.get(f"/api/users/{phone.user_id}").refused(404, "not_found")


def test_the_phone_number_of_a_deleted_account_starts_afresh(people):
    old = people.sign_in()
    old.rest.patch("/api/users/me", {"display_name": "Old"}).ok()
    old.rest.delete("/api/users/me").ok(204)
    new = people.sign_in(old.phone_number)
    assert new.user_id != old.user_id
    assert me(new)["display_name"] != "Old"
    Rest(people.server, old.access_token).get("/api/users/me").refused(401)


def test_a_deleted_person_leaves_their_groups(people):
    alice, bob, carol = people.devices(3)
    group = alice.group_with([bob, carol])
    bob.rest.delete("/api/users/me").ok(204)
    members = alice.rest.get(f"/api/groups/{group}").ok()["members"]
    assert {member["user_id"] for member in members} == {alice.user_id, carol.user_id}


def test_what_a_deleted_person_wrote_stays_readable_for_the_others(people):
    alice, bob = people.online(2)
    ack = bob.say("I was here", to=alice)
    bob.rest.delete("/api/users/me").ok(204)
    history = alice.device.history(ack["conversation_id"])["messages"]
    assert [message["content"] for message in history] == ["I was here"]
