"""Groups: made, changed, roles, the cap, and who sees what (protocol.md, REST and `conversation`)."""
import pytest

MAX_MEMBERS = 500


def state(device, group):
    return device.rest.get(f"/api/groups/{group}").ok()


def roles(device, group):
    return {member["user_id"]: member["role"] for member in state(device, group)["members"]}


def test_a_new_group_has_its_maker_as_admin(people):
    alice, bob, carol = people.devices(3)
    answer = alice.rest.post("/api/groups", {"name": "Walks", "member_ids": [bob.user_id, carol.user_id]}).ok(201)
    assert answer["name"] == "Walks" and answer["conversation_id"].isdigit()
    assert {member["user_id"]: member["role"] for member in answer["members"]} == {
        alice.user_id: "admin", bob.user_id: "member", carol.user_id: "member"}
    assert roles(carol, answer["conversation_id"]) == roles(alice, answer["conversation_id"])


def test_member_ids_are_read_as_numbers_too_and_may_name_the_maker(people):
    alice, bob = people.devices(2)
    members = [int(bob.user_id), alice.user_id]
    group = alice.rest.post("/api/groups", {"name": "Pair", "member_ids": members}).ok(201)["conversation_id"]
    assert roles(alice, group) == {alice.user_id: "admin", bob.user_id: "member"}


def test_a_member_given_twice_is_refused(people):
    alice, bob = people.devices(2)
    alice.rest.post("/api/groups", {"name": "Pair", "member_ids": [bob.user_id, int(bob.user_id)]}).refused(400, "bad_request")


def test_a_group_of_one_is_a_group(people):
    alice = people.sign_in()
    group = alice.group_with([])
    assert roles(alice, group) == {alice.user_id: "admin"}


def test_every_member_learns_of_a_new_group(people):
    alice, bob, carol = people.online(3)
    group = alice.device.group_with([bob, carol], "Walks")
    for member in (bob, carol):
        frame = member.expect("conversation", conversation_id=group)
        assert (frame["change"], frame["kind"], frame["name"]) == ("created", "group", "Walks")
        assert {each["user_id"] for each in frame["members"]} == {alice.user_id, bob.user_id, carol.user_id}
        assert frame["actor_id"] == alice.user_id


def test_more_than_500_members_are_refused(people):
    alice = people.sign_in()
    others = [str(number) for number in range(1, MAX_MEMBERS + 1)]
    answer = alice.rest.post("/api/groups", {"name": "Crowd", "member_ids": others})
    answer.refused(422, "group_too_large")
    assert alice.inbox() == []


def test_500_members_are_a_group_and_the_501st_is_refused(people):
    alice, late = people.devices(2)
    others = people.devices(MAX_MEMBERS - 2)
    group = alice.group_with(others)
    alice.rest.post(f"/api/groups/{group}/members", {"user_ids": [late.user_id]}).ok()
    assert len(roles(alice, group)) == MAX_MEMBERS
    over = people.sign_in()
    alice.rest.post(f"/api/groups/{group}/members", {"user_ids": [over.user_id]}).refused(422, "group_too_large")
    assert len(roles(late, group)) == MAX_MEMBERS


def test_unknown_members_are_refused_and_no_group_is_made(people):
    alice, bob = people.devices(2)
    body = {"name": "Ghosts", "member_ids": [bob.user_id, "12345"]}
    alice.rest.post("/api/groups", body).refused(404, "not_found")
    assert alice.inbox() == [] and bob.inbox() == []


@pytest.mark.parametrize("body", [
    {}, {"name": "x"}, {"member_ids": []}, {"name": 5, "member_ids": []}, {"name": "x", "member_ids": "1"},
    {"name": "x", "member_ids": [None]}, {"name": "x", "member_ids": [-1]}, {"name": "x", "member_ids": [1.5]},
    {"name": "x", "member_ids": ["abc"]}, {"name": "x", "member_ids": [2**64]}, {"name": "x" * 10_000, "member_ids": []},
    {"name": "", "member_ids": []}, {"name": "x", "member_ids": [[1]]}, [], "x", 5,
])
def test_a_bad_group_is_refused(people, body):
    alice = people.sign_in()
    alice.rest.post("/api/groups", body).refused(400, "bad_request")
    assert alice.inbox() == []


def test_a_lost_answer_does_not_make_two_groups(people):
    alice, bob = people.devices(2)
    key = {"Idempotency-Key": "0b8a7f6e-30a4-4a53-9e55-8a34c15e5d1b"}
    body = {"name": "Once", "member_ids": [bob.user_id]}
    first = alice.rest.post("/api/groups", body, headers=key).ok(201)
    again = alice.rest.post("/api/groups", body, headers=key)
    assert again.ok(201)["conversation_id"] == first["conversation_id"]
    assert len(alice.inbox()) == 1


def test_a_group_is_renamed_by_an_admin_and_everybody_learns(people):
    alice, bob = people.online(2)
    group = alice.device.group_with([bob], "Old")
    alice.rest.patch(f"/api/groups/{group}", {"name": "New"}).ok()
    frame = bob.expect("conversation", change="renamed")
    assert frame["name"] == "New" and frame["actor_id"] == alice.user_id
    assert state(bob.device, group)["name"] == "New"


def test_members_are_added_by_an_admin_and_everybody_learns(people):
    alice, bob, carol = people.online(3)
    group = alice.device.group_with([bob])
    alice.rest.post(f"/api/groups/{group}/members", {"user_ids": [carol.user_id]}).ok()
    for member in (bob, carol):
        frame = member.expect("conversation", conversation_id=group, change="members_added")
        assert frame["affected_user_ids"] == [carol.user_id]
        assert carol.user_id in {each["user_id"] for each in frame["members"]}


def test_adding_a_member_again_changes_nothing(people):
    alice, bob = people.devices(2)
    group = alice.group_with([bob])
    alice.rest.post(f"/api/groups/{group}/members", {"user_ids": [bob.user_id]}).ok()
    assert roles(alice, group) == {alice.user_id: "admin", bob.user_id: "member"}


def test_a_member_is_removed_by_an_admin_and_everybody_learns(people):
    alice, bob, carol = people.online(3)
    group = alice.device.group_with([bob, carol])
    alice.rest.delete(f"/api/groups/{group}/members/{bob.user_id}").ok(200)
    seen_by_removed = bob.expect("conversation", change="members_removed")
    assert seen_by_removed["members"] == [] and seen_by_removed["affected_user_ids"] == [bob.user_id]
    seen_by_rest = carol.expect("conversation", change="members_removed")
    assert {each["user_id"] for each in seen_by_rest["members"]} == {alice.user_id, carol.user_id}
    bob.rest.get(f"/api/groups/{group}").refused(403, "not_a_member")


def test_leaving_is_deleting_oneself(people):
    alice, bob = people.online(2)
    group = alice.device.group_with([bob])
    bob.rest.delete(f"/api/groups/{group}/members/{bob.user_id}").ok(200)
    frame = alice.expect("conversation", change="members_removed")
    assert frame["affected_user_ids"] == [bob.user_id] and frame["actor_id"] == bob.user_id
    bob.refusal(bob.post("I left", conversation=group), "not_a_member")


def test_a_member_who_is_no_admin_changes_nothing(people):
    alice, bob, carol = people.devices(3)
    group = alice.group_with([bob, carol])
    before = state(alice, group)
    outsider = people.sign_in()
    bob.rest.patch(f"/api/groups/{group}", {"name": "Mine"}).refused(403, "not_allowed")
    bob.rest.post(f"/api/groups/{group}/members", {"user_ids": [outsider.user_id]}).refused(403, "not_allowed")
    bob.rest.delete(f"/api/groups/{group}/members/{carol.user_id}").refused(403, "not_allowed")
    bob.rest.put(f"/api/groups/{group}/members/{bob.user_id}/role", {"role": "admin"}).refused(403, "not_allowed")
    bob.rest.delete(f"/api/groups/{group}").refused(403, "not_allowed")
    assert state(alice, group) == before


def test_an_outsider_sees_and_changes_nothing(people):
    alice, bob, mallory = people.devices(3)
    group = alice.group_with([bob])
    before = state(alice, group)
    rest = mallory.rest
    rest.get(f"/api/groups/{group}").refused(404, "not_found")
    rest.patch(f"/api/groups/{group}", {"name": "x"}).refused(404, "not_found")
    rest.delete(f"/api/groups/{group}").refused(404, "not_found")
    rest.post(f"/api/groups/{group}/members", {"user_ids": [mallory.user_id]}).refused(404, "not_found")
    rest.delete(f"/api/groups/{group}/members/{bob.user_id}").refused(404, "not_found")
    rest.delete(f"/api/groups/{group}/members/{mallory.user_id}").refused(404, "not_found")
    rest.put(f"/api/groups/{group}/members/{bob.user_id}/role", {"role": "admin"}).refused(404, "not_found")
    rest.get(f"/api/conversations/{group}/messages").refused(404, "not_found")
    assert state(alice, group) == before


def test_a_role_is_given_and_taken(people):
    alice, bob, carol = people.online(3)
    group = alice.device.group_with([bob, carol])
    path = f"/api/groups/{group}/members/{bob.user_id}/role"
    alice.rest.put(path, {"role": "admin"}).ok()
    frame = carol.expect("conversation", change="role_changed")
    assert frame["affected_user_ids"] == [bob.user_id]
    assert {each["user_id"]: each["role"] for each in frame["members"]}[bob.user_id] == "admin"
    bob.rest.patch(f"/api/groups/{group}", {"name": "Bob may"}).ok()
    alice.rest.put(path, {"role": "member"}).ok()
    bob.rest.patch(f"/api/groups/{group}", {"name": "Bob may not"}).refused(403, "not_allowed")


@pytest.mark.parametrize("body", [{}, {"role": "king"}, {"role": 1}, {"role": None}, [], {"role": "role_unspecified"}])
def test_a_bad_role_is_refused(people, body):
    alice, bob = people.devices(2)
    group = alice.group_with([bob])
    alice.rest.put(f"/api/groups/{group}/members/{bob.user_id}/role", body).refused(400, "bad_request")
    assert roles(alice, group)[bob.user_id] == "member"


def test_the_last_admin_leaving_promotes_the_longest_standing_member(people):
    alice, bob, carol = people.online(3)
    group = alice.device.group_with([carol])
    alice.rest.post(f"/api/groups/{group}/members", {"user_ids": [bob.user_id]}).ok()
    alice.rest.delete(f"/api/groups/{group}/members/{alice.user_id}").ok(200)
    assert roles(bob.device, group) == {carol.user_id: "admin", bob.user_id: "member"}
    frame = bob.expect("conversation", change="members_removed")
    final = bob.of("conversation")[-1] if bob.of("conversation")[-1]["change"] == "role_changed" else frame
    assert {each["user_id"]: each["role"] for each in final["members"]}[carol.user_id] == "admin"


def test_an_admin_leaving_beside_another_promotes_nobody(people):
    alice, bob, carol = people.devices(3)
    group = alice.group_with([bob, carol])
    alice.rest.put(f"/api/groups/{group}/members/{carol.user_id}/role", {"role": "admin"})
    alice.rest.delete(f"/api/groups/{group}/members/{alice.user_id}").ok(200)
    assert roles(bob, group) == {carol.user_id: "admin", bob.user_id: "member"}


def test_the_last_admin_cannot_be_left_out_by_a_change_of_role(people):
    alice, bob = people.devices(2)
    group = alice.group_with([bob])
    alice.rest.put(f"/api/groups/{group}/members/{alice.user_id}/role", {"role": "member"}).refused(403, "not_allowed")
    assert roles(alice, group) == {alice.user_id: "admin", bob.user_id: "member"}


def test_the_last_member_leaving_ends_the_group(people):
    alice = people.sign_in()
    group = alice.group_with([])
    alice.rest.delete(f"/api/groups/{group}/members/{alice.user_id}").ok(200)
    alice.rest.get(f"/api/groups/{group}").refused(404, "not_found")


def test_a_deleted_group_is_gone_for_everybody(people):
    alice, bob = people.online(2)
    group = alice.device.group_with([bob])
    bob.say("before", conversation=group)
    alice.rest.delete(f"/api/groups/{group}").ok(200)
    assert bob.expect("conversation", change="deleted")["members"] == []
    bob.refusal(bob.post("after", conversation=group))
    for member in (alice, bob):
        member.rest.get(f"/api/groups/{group}").refused(404, "not_found")


def test_group_routes_refuse_a_direct_conversation(people):
    alice, bob, carol = people.devices(3)
    direct = alice.direct_with(bob)
    alice.rest.get(f"/api/groups/{direct}").refused(404, "not_found")
    alice.rest.patch(f"/api/groups/{direct}", {"name": "x"}).refused(404, "not_found")
    alice.rest.post(f"/api/groups/{direct}/members", {"user_ids": [carol.user_id]}).refused(404, "not_found")
    alice.rest.delete(f"/api/groups/{direct}/members/{bob.user_id}").refused(404, "not_found")
    alice.rest.delete(f"/api/groups/{direct}").refused(404, "not_found")
    assert bob.direct_with(alice) == direct


def test_changes_of_groups_reach_a_member_who_was_away(people):
    alice, bob, carol = people.devices(3)
    group = alice.group_with([bob], "One")
    away = bob.online()
    cursor = away.of("synced")[-1]["last_message_id"]
    away.close()
    alice.rest.patch(f"/api/groups/{group}", {"name": "Two"}).ok()
    alice.rest.post(f"/api/groups/{group}/members", {"user_ids": [carol.user_id]}).ok()
    back = bob.online(cursor)
    assert [frame["change"] for frame in back.of("conversation")] == ["renamed", "members_added"]
    assert back.of("conversation")[-1]["name"] == "Two"


def test_groups_survive_a_kill_of_the_server(make_server, make_people):
    server = make_server()
    alice, bob = make_people(server).devices(2)
    group = alice.group_with([bob], "Durable")
    alice.rest.put(f"/api/groups/{group}/members/{bob.user_id}/role", {"role": "admin"})
    before = state(alice, group)
    server.crash_and_restart()
    assert state(bob, group) == before
