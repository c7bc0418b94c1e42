"""A removed member reads nothing sent after the removal, an added one nothing sent before (G6), on both sides of the
fan-out threshold and by every way there is to read."""
import pytest

THRESHOLD = 3
SERVER_OPTIONS = {"write_fanout_max_members": THRESHOLD}


@pytest.fixture(scope="module", params=["write fan-out", "read fan-out"])
def size(request):
    return {"write fan-out": 2, "read fan-out": THRESHOLD + 2}[request.param]


def contents(messages):
    return [message["content"] for message in messages]


def history(device, group):
    answer = device.rest.get(f"/api/conversations/{group}/messages")
    if answer.status != 200:
        answer.refused(403, "not_a_member")
        return []
    return contents(answer.json["messages"])


@pytest.fixture
def world(people, size):
    """A group of the wanted size around Alice (admin) and Bob, and Carol outside."""
    alice, bob, carol = people.online(3)
    group = alice.device.group_with([bob] + people.devices(size - 2))
    return alice, bob, carol, group


def test_a_removed_member_gets_nothing_live_that_was_sent_after(world):
    alice, bob, carol, group = world
    alice.say("before", conversation=group)
    bob.expect("message", content="before")
    alice.rest.delete(f"/api/groups/{group}/members/{bob.user_id}").ok(200)
    alice.say("after", conversation=group)
    alice.say("a word in private", to=bob)
    bob.expect("message", content="a word in private")
    assert contents(bob.of("message")) == ["before", "a word in private"]


def test_a_removed_member_reads_what_was_sent_before_and_nothing_after(world):
    alice, bob, carol, group = world
    before = alice.say("before", conversation=group)
    alice.rest.delete(f"/api/groups/{group}/members/{bob.user_id}").ok(200)
    after = alice.say("after", conversation=group)
    assert "after" not in history(bob.device, group)
    assert contents(bob.device.online().of("message")) == ["before"]
    bob.rest.get(f"/api/conversations/{group}/messages/{after['message_id']}/receipts").refused(404, "not_found")
    assert int(before["message_id"]) < int(after["message_id"])


def test_a_removed_member_cannot_write_read_mark_or_type(world):
    alice, bob, carol, group = world
    ack = alice.say("before", conversation=group)
    alice.rest.delete(f"/api/groups/{group}/members/{bob.user_id}").ok(200)
    after = alice.say("after", conversation=group)
    bob.refusal(bob.post("still here?", conversation=group), "not_a_member")
    bob.send("read", conversation_id=group, up_to_message_id=after["message_id"])
    bob.send("delivered", conversation_id=group, message_ids=[after["message_id"]])
    bob.send("typing", conversation_id=group)
    bob.say("a barrier", to=alice)
    alice.expect("message", content="a barrier")
    assert alice.device.receipts(group, after["message_id"]).get(bob.user_id) is None
    assert not alice.of("typing")
    assert int(ack["message_id"]) < int(after["message_id"])


def test_an_added_member_gets_nothing_that_was_sent_before(world):
    alice, bob, carol, group = world
    before = alice.say("before", conversation=group)
    alice.rest.post(f"/api/groups/{group}/members", {"user_ids": [carol.user_id]}).ok()
    alice.say("after", conversation=group)
    carol.expect("message", content="after")
    assert history(carol.device, group) == ["after"]
    assert contents(carol.device.online().of("message")) == ["after"]
    carol.rest.get(f"/api/conversations/{group}/messages/{before['message_id']}/receipts").refused(404, "not_found")
    assert carol.device.history(group, f"?before_id={before['message_id']}")["messages"] == []


def test_unread_of_an_added_member_counts_only_what_they_may_see(world):
    alice, bob, carol, group = world
    for number in range(3):
        alice.say(f"before {number}", conversation=group)
    alice.rest.post(f"/api/groups/{group}/members", {"user_ids": [carol.user_id]}).ok()
    assert carol.device.inbox_entry(group)["unread_count"] == 0
    assert not carol.device.inbox_entry(group)["last_message"]
    alice.say("after", conversation=group)
    carol.expect("message", content="after")
    assert carol.device.inbox_entry(group)["unread_count"] == 1


def test_a_member_who_comes_back_sees_both_stays_and_not_the_time_between(world):
    alice, bob, carol, group = world
    members = f"/api/groups/{group}/members"
    alice.say("first stay", conversation=group)
    alice.rest.delete(f"{members}/{bob.user_id}").ok(200)
    alice.say("between", conversation=group)
    alice.rest.post(members, {"user_ids": [bob.user_id]}).ok()
    alice.say("second stay", conversation=group)
    bob.expect("message", content="second stay")
    assert contents(bob.device.online().of("message")) == ["first stay", "second stay"]
    assert history(bob.device, group) == ["second stay", "first stay"]
    assert contents(bob.device.whole_history(group)) == ["first stay", "second stay"]


def test_a_reply_to_a_message_one_may_not_see_tells_nothing_of_it(world):
    alice, bob, carol, group = world
    hidden = alice.say("hidden words", conversation=group)
    alice.rest.post(f"/api/groups/{group}/members", {"user_ids": [carol.user_id]}).ok()
    alice.say("a reply", conversation=group, reply_to_message_id=hidden["message_id"])
    frame = carol.expect("message", content="a reply")
    assert "hidden words" not in str(frame) and "hidden words" not in str(carol.device.history(group))


def test_a_stranger_reads_nothing(world):
    alice, bob, carol, group = world
    ack = alice.say("secret plans", conversation=group)
    carol.rest.get(f"/api/conversations/{group}/messages").refused(404, "not_found")
    carol.rest.get(f"/api/conversations/{group}/messages/{ack['message_id']}/receipts").refused(404, "not_found")
    carol.refusal(carol.post("let me in", conversation=group), "not_found")
    assert carol.device.inbox() == []
    assert not carol.device.online().of("message")
