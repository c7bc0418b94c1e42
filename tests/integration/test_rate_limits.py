"""Limits in force: nothing is skipped, what is too much is slowed down or named (protocol.md, Limits)."""
import time
import uuid

import pytest

from harness.people import DEV_CODE, fresh_phone_number


def pipeline(sender, receiver, count):
    keys = [str(uuid.uuid4()) for _ in range(count)]
    sender.send_all([("message", {"idempotency_key": key, "receiver_id": receiver.user_id, "content": str(number)})
                     for number, key in enumerate(keys)])
    return keys


def test_a_burst_is_taken_and_what_exceeds_the_rate_is_slowed_down_never_skipped(make_server, make_people):
    server = make_server(messages_per_second=50, message_burst=50)
    alice, bob = make_people(server).online(2)
    started = time.monotonic()
    keys = pipeline(alice, bob, 200)
    for key in keys:
        alice.answer(key)
    elapsed = time.monotonic() - started
    assert elapsed > 2.0, f"150 messages past the burst at 50/s take 3 s, not {elapsed:.1f} s"
    bob.expect("message", content="199")
    assert [frame["content"] for frame in bob.of("message")] == [str(number) for number in range(200)]


def test_the_limit_is_of_the_device_and_nobody_else_waits(make_server, make_people):
    server = make_server(messages_per_second=5, message_burst=5)
    alice, bob, carol, dave = make_people(server).online(4)
    keys = pipeline(alice, bob, 30)
    started = time.monotonic()
    for number in range(4):
        carol.say(str(number), to=dave)
    assert time.monotonic() - started < 3
    for key in keys:
        alice.answer(key)


def test_a_reconnect_does_not_reset_the_limit(make_server, make_people):
    server = make_server(messages_per_second=10, message_burst=10)
    people = make_people(server)
    alice, bob = people.sign_in(), people.online(1)[0]
    started = time.monotonic()
    for number in range(6):
        connection = alice.online()
        for key in pipeline(connection, bob, 10):
            connection.answer(key)
        connection.close()
    assert time.monotonic() - started > 3.5, "50 messages past the burst at 10/s take 5 s"


def test_flooding_typing_is_rate_limited_and_at_last_closed_with_4003(make_server, make_people):
    server = make_server(messages_per_second=20, message_burst=20)
    alice, bob = make_people(server).online(2)
    conversation = alice.say("hi", to=bob)["conversation_id"]
    try:
        alice.send_all([("typing", {"conversation_id": conversation})] * 5000)
    except Exception:
        pass  # closed while still sending
    alice.expect_close(4003)
    errors = alice.of("error")
    assert errors and errors[0]["code"] == "rate_limited" and errors[0]["retry_after_ms"] > 0
    bob.say("undisturbed", to=alice)


def test_in_dev_there_is_no_limit_unless_it_is_given(make_server, make_people):
    alice, bob = make_people(make_server()).online(2)
    started = time.monotonic()
    for key in pipeline(alice, bob, 500):
        alice.answer(key)
    assert time.monotonic() - started < 15, "at 20/s it would be 20 s"


def test_logins_from_an_address_are_limited(make_server, make_people):
    server = make_server(logins_per_minute=10)
    rest = make_people(server).anonymous()
    statuses = []
    for _ in range(15):
        number = fresh_phone_number()
        answer = rest.post("/api/auth/login", {"phone_number": number, "otp": DEV_CODE})
        statuses.append(answer.status)
        if answer.status == 429:
            break
    assert statuses[:5].count(429) == 0 and statuses[-1] == 429, statuses
    answer.refused(429, "rate_limited")
    assert int(answer.headers["retry-after"]) > 0


def test_codes_for_a_number_are_limited_and_other_numbers_are_not(make_server, make_people):
    server = make_server(otp_per_hour=3)
    rest = make_people(server).anonymous()
    number = fresh_phone_number()
    statuses = [rest.post("/api/auth/otp", {"phone_number": number}).status for _ in range(6)]
    assert statuses == [204] * 3 + [429] * 3
    rest.post("/api/auth/otp", {"phone_number": fresh_phone_number()}).ok(204)


def test_contact_lookups_are_limited(make_server, make_people):
    server = make_server(contact_lookups_per_day=50)
    device = make_people(server).sign_in()
    statuses = []
    for _ in range(10):
        answer = device.rest.post("/api/contacts", {"phone_numbers": [fresh_phone_number() for _ in range(10)]})
        statuses.append(answer.status)
    assert statuses[:5] == [200] * 5 and statuses[-1] == 429, statuses


@pytest.mark.parametrize("sent", ["X-Forwarded-For", "Forwarded"])
def test_an_address_claimed_by_the_client_does_not_get_around_the_limit(make_server, make_people, sent):
    server = make_server(logins_per_minute=5)
    rest = make_people(server).anonymous()
    statuses = [rest.post("/api/auth/login", {"phone_number": fresh_phone_number(), "otp": "111111"},
                          headers={sent: f"203.0.113.{number}"}).status for number in range(12)]
    assert 429 in statuses
