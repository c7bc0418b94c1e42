"""Devices: listed, revoked, and what happens to their connections (protocol.md, REST and close codes)."""
import pytest
import websockets

from harness.connection import Connection


def device_ids(device):
    return {entry["device_id"] for entry in device.rest.get("/api/devices").ok()["devices"]}


def test_a_person_sees_their_own_devices_only(people):
    phone, stranger = people.devices(2)
    laptop = phone.another(device_name="Laptop")
    entries = phone.rest.get("/api/devices").ok()["devices"]
    assert {entry["device_id"] for entry in entries} == {phone.device_id, laptop.device_id}
    names = {entry["device_id"]: entry.get("device_name") or entry.get("name") for entry in entries}
    assert names[laptop.device_id] == "Laptop"
    assert device_ids(stranger) == {stranger.device_id}


def test_deleting_a_device_revokes_its_tokens_and_closes_its_connection(people):
    phone = people.sign_in()
    laptop = phone.another()
    connection = laptop.online()
    phone.rest.delete(f"/api/devices/{laptop.device_id}").ok(204)
    connection.expect_close(4001)
    laptop.rest.get("/api/users/me").refused(401)
    people.anonymous().post("/api/auth/refresh", {"refresh_token": laptop.refresh_token}).refused(401)
    assert device_ids(phone) == {phone.device_id}


def test_a_revoked_device_cannot_connect_again(people):
    phone = people.sign_in()
    laptop = phone.another()
    phone.rest.delete(f"/api/devices/{laptop.device_id}").ok(204)
    assert refused_connection(laptop) == 401


def test_a_revoked_device_gets_no_message_that_was_sent_after(people):
    phone, bob = people.devices(2)
    laptop = phone.another()
    connection = laptop.online()
    speaker = bob.online()
    phone.rest.delete(f"/api/devices/{laptop.device_id}").ok(204)
    speaker.say("after the revocation", to=phone)
    connection.expect_close(4001)
    assert not connection.of("message")


def test_a_device_of_somebody_else_cannot_be_deleted(people):
    alice, mallory = people.devices(2)
    mallory.rest.delete(f"/api/devices/{alice.device_id}").refused(404)
    alice.rest.get("/api/users/me").ok()


def test_an_unknown_device_cannot_be_deleted(people):
    people.sign_in().rest.delete("/api/devices/12345").refused(404)


def test_the_newer_connection_of_a_device_wins(people):
    device = people.sign_in()
    older = device.online()
    newer = device.online()
    older.expect_close(4002)
    bob = people.online(1)[0]
    bob.say("to the newer one", to=device)
    newer.expect("message", content="to the newer one")
    assert not older.of("message")


def test_two_devices_of_a_person_are_connected_side_by_side(people):
    phone = people.sign_in()
    laptop = phone.another()
    connections = [phone.online(), laptop.online()]
    bob = people.online(1)[0]
    bob.say("to both", to=phone)
    for connection in connections:
        connection.expect("message", content="to both")


def test_the_other_devices_of_the_sender_get_the_message_and_the_sending_one_only_the_ack(people):
    phone, bob = people.devices(2)
    laptop = phone.another().online()
    sending = phone.online()
    ack = sending.say("from my phone", to=bob)
    copy = laptop.expect("message", message_id=ack["message_id"])
    assert copy["sender_id"] == phone.user_id and copy["sender_device_id"] == phone.device_id
    bob.online().say("an answer", to=phone)
    sending.expect("message", content="an answer")
    assert [frame["content"] for frame in sending.of("message")] == ["an answer"]


@pytest.mark.parametrize("platform", ["apns", "fcm"])
def test_a_push_token_is_taken(people, platform):
    device = people.sign_in()
    device.rest.put("/api/devices/me/push-token", {"platform": platform, "token": "a" * 64}).ok(204)


@pytest.mark.parametrize("body", [{}, {"platform": "apns"}, {"token": "x"}, {"platform": "pigeon", "token": "x"},
                                  {"platform": "fcm", "token": 5}, []])
def test_a_bad_push_token_is_refused(people, body):
    people.sign_in().rest.put("/api/devices/me/push-token", body).refused(400, "bad_request")


def test_a_push_token_that_is_too_long_is_refused(people):
    body = {"platform": "fcm", "token": "x" * 10_000}
    people.sign_in().rest.put("/api/devices/me/push-token", body).refused(413, "too_large")


def refused_connection(device, **how):
    """How a connection is turned away: the HTTP status, or the close code straight after the upgrade."""
    try:
        connection = Connection(device, **how)
    except websockets.InvalidStatusCode as refusal:
        return refusal.status_code
    code = connection.expect_close()
    assert not connection.of("hello"), "a connection that is turned away sees nothing"
    return code
