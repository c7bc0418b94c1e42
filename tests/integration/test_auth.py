"""Signing in: codes, tokens, devices (protocol.md, REST)."""
import pytest

from harness.people import DEV_CODE, fresh_phone_number
from harness.rest import Rest

WRONG_CODE = "123456"
TRIES = 5


def ask_for_code(people, number):
    people.anonymous().post("/api/auth/otp", {"phone_number": number}).ok(204)


def log_in(people, number, otp=DEV_CODE, **fields):
    return people.anonymous().post("/api/auth/login", {"phone_number": number, "otp": otp, **fields})


def refresh(people, token):
    return people.anonymous().post("/api/auth/refresh", {"refresh_token": token})


def test_the_first_login_creates_the_user_and_later_ones_find_them(people):
    number = fresh_phone_number()
    first, second = people.sign_in(number), people.sign_in(number)
    assert first.user_id == second.user_id
    assert first.device_id != second.device_id
    assert first.access_token != second.access_token


def test_a_login_answers_with_ids_as_strings_and_a_lifetime_in_seconds(people):
    number = fresh_phone_number()
    ask_for_code(people, number)
    answer = log_in(people, number).ok()
    assert answer["user_id"].isdigit() and answer["device_id"].isdigit()
    assert isinstance(answer["expires_in"], int) and 60 <= answer["expires_in"] <= 24 * 3600
    assert isinstance(answer["access_token"], str) and isinstance(answer["refresh_token"], str)


def test_a_device_that_names_itself_keeps_its_id(people):
    device = people.sign_in()
    again = device.another(device_id=device.device_id)
    assert again.device_id == device.device_id
    assert len(again.rest.get("/api/devices").ok()["devices"]) == 1


def test_a_device_id_of_somebody_else_is_not_taken_over(people):
    alice, mallory = people.devices(2)
    ask_for_code(people, mallory.phone_number)
    answer = log_in(people, mallory.phone_number, device_id=alice.device_id).ok()
    assert answer["device_id"] not in (alice.device_id, mallory.device_id), "an id that is not one's own makes a new device"
    alice.rest.get("/api/users/me").ok()


def test_asking_for_a_code_never_tells_whether_an_account_exists(people):
    known = people.sign_in().phone_number
    answers = [people.anonymous().post("/api/auth/otp", {"phone_number": number}) for number in (known, fresh_phone_number())]
    assert answers[0].status == answers[1].status == 204
    assert set(answers[0].headers) == set(answers[1].headers)


def test_a_wrong_code_is_refused(people):
    number = fresh_phone_number()
    ask_for_code(people, number)
    log_in(people, number, WRONG_CODE).refused(401, "otp_invalid")


def test_a_login_without_a_code_asked_for_is_refused(people):
    log_in(people, fresh_phone_number(), WRONG_CODE).refused(401, "otp_invalid")


def test_five_wrong_tries_exhaust_a_code(people):
    number = fresh_phone_number()
    ask_for_code(people, number)
    for _ in range(TRIES):
        log_in(people, number, WRONG_CODE).refused(401, "otp_invalid")
    log_in(people, number, WRONG_CODE).refused(401, "otp_exhausted")


def test_a_new_code_can_be_asked_for_after_the_last_was_exhausted(people):
    number = fresh_phone_number()
    ask_for_code(people, number)
    for _ in range(TRIES + 1):
        log_in(people, number, WRONG_CODE)
    ask_for_code(people, number)
    log_in(people, number).ok()


@pytest.mark.parametrize("number", ["", "0701234567", "+", "+0123456789", "+12", "+1234567890123456", "+46 70 123",
                                    "+46abc", "tel:+46701234567", "+4670123456\n7", "٤٦٧٠١٢٣٤٥"])
def test_a_phone_number_that_is_not_e164_is_refused(people, number):
    people.anonymous().post("/api/auth/otp", {"phone_number": number}).refused(400, "bad_request")
    log_in(people, number).refused(400, "bad_request")


def test_a_refresh_gives_a_new_pair_that_works(people):
    device = people.sign_in()
    answer = refresh(people, device.refresh_token).ok()
    assert answer["refresh_token"] != device.refresh_token
    assert answer["access_token"] and answer["expires_in"] > 0
    assert Rest(people.server, answer["access_token"]).get("/api/users/me").ok()["user_id"] == device.user_id


def test_the_previous_refresh_token_is_good_for_a_while_since_an_answer_may_be_lost(people):
    device = people.sign_in()
    lost = refresh(people, device.refresh_token).ok()
    repeated = refresh(people, device.refresh_token).ok()
    Rest(people.server, repeated["access_token"]).get("/api/users/me").ok()
    refresh(people, repeated["refresh_token"]).ok()
    Rest(people.server, lost["access_token"]).get("/api/users/me").ok()


def test_refresh_tokens_survive_a_kill_of_the_server(make_server, make_people):
    server = make_server()
    people = make_people(server)
    device = people.sign_in()
    answer = refresh(people, device.refresh_token).ok()
    server.crash_and_restart()
    device.take_tokens({**answer, **refresh(people, answer["refresh_token"]).ok()})
    assert device.rest.get("/api/users/me").ok()["user_id"] == device.user_id


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "é", "A" * 5000])
def test_a_refresh_token_that_was_never_given_is_refused(people, token):
    refresh(people, token).refused(401, "unauthorized")


def test_a_logout_ends_the_device(people):
    device = people.sign_in()
    connection = device.online()
    device.rest.post("/api/auth/logout").ok(204)
    connection.expect_close(4001)
    device.rest.get("/api/users/me").refused(401)
    refresh(people, device.refresh_token).refused(401)


def test_a_logout_leaves_the_other_devices_alone(people):
    phone = people.sign_in()
    laptop = phone.another()
    phone.rest.post("/api/auth/logout").ok(204)
    laptop.rest.get("/api/users/me").ok()


PROTECTED = [
    ("POST", "/api/auth/logout"), ("GET", "/api/devices"), ("DELETE", "/api/devices/1"), ("GET", "/api/users/me"),
    ("PATCH", "/api/users/me"), ("DELETE", "/api/users/me"), ("GET", "/api/users/1"), ("POST", "/api/contacts"),
    ("GET", "/api/contacts"), ("DELETE", "/api/contacts/1"), ("PUT", "/api/blocks/1"), ("DELETE", "/api/blocks/1"),
    ("PUT", "/api/conversations/direct/1"), ("POST", "/api/groups"), ("GET", "/api/groups/1"),
    ("PATCH", "/api/groups/1"), ("DELETE", "/api/groups/1"), ("POST", "/api/groups/1/members"),
    ("DELETE", "/api/groups/1/members/1"), ("PUT", "/api/groups/1/members/1/role"), ("GET", "/api/conversations"),
    ("GET", "/api/conversations/1/messages"), ("GET", "/api/conversations/1/messages/1/receipts"),
    ("PUT", "/api/devices/me/push-token"),
]
BAD_AUTHORIZATIONS = [None, "", "Bearer", "Bearer ", "Bearer x", "Basic dXNlcjpwYXNz", "Bearer " + "A" * 4000,
                      "Bearer 1.2.3.4", "Bearer \xff\xfe"]


@pytest.mark.parametrize("method,path", PROTECTED)
def test_a_protected_route_asks_for_a_token(people, method, path):
    for authorization in BAD_AUTHORIZATIONS:
        headers = {} if authorization is None else {"Authorization": authorization}
        people.anonymous().call(method, path, {}, headers=headers).refused(401)


def test_a_token_that_was_tampered_with_is_refused(people):
    device = people.sign_in()
    token = device.access_token
    for place in range(0, len(token), max(1, len(token) // 24)):
        letter = "A" if token[place] != "A" else "B"
        changed = token[:place] + letter + token[place + 1:]
        if changed.rstrip("=")[:-1] == token.rstrip("=")[:-1]:
            continue  # the last letter of base64 may hold bits that mean nothing
        Rest(people.server, changed).get("/api/users/me").refused(401)
    device.rest.get("/api/users/me").ok()
