"""What time does: tokens and codes expire, grace periods end, old messages are let go, clocks step (with libfaketime)."""
from harness import patience
from harness.clock import shifted
from harness.people import fresh_phone_number
from harness.rest import Rest
from test_devices import refused_connection
from test_production import console_code, log_in
from test_start import refuses


def restart_at(server, offset):
    server.kill()
    server.environment = shifted(offset)
    return server.start()


def refresh(people, token):
    return people.anonymous().post("/api/auth/refresh", {"refresh_token": token})


def test_an_access_token_expires_and_a_refresh_goes_on(make_server, make_people):
    server = make_server(environment=shifted("+0"))
    people = make_people(server)
    device = people.sign_in()
    restart_at(server, "+2h")
    device.rest.get("/api/users/me").refused(401)
    assert refused_connection(device) == 401
    device.take_tokens({**refresh(people, device.refresh_token).ok()})
    device.rest.get("/api/users/me").ok()
    device.online()


def test_a_used_refresh_token_after_its_grace_revokes_the_device(make_server, make_people):
    server = make_server(environment=shifted("+0"))
    people = make_people(server)
    device = people.sign_in()
    newer = refresh(people, device.refresh_token).ok()
    restart_at(server, "+9m")
    newer = refresh(people, device.refresh_token).ok()
    restart_at(server, "+11m")
    refresh(people, device.refresh_token).refused(401)
    refresh(people, newer["refresh_token"]).refused(401)
    Rest(server, newer["access_token"]).get("/api/users/me").refused(401)


def test_a_code_expires(make_server, make_people):
    server = make_server(dev=False, environment=shifted("+0"))
    people = make_people(server)
    number = fresh_phone_number()
    people.anonymous().post("/api/auth/otp", {"phone_number": number}).ok(204)
    code = console_code(server, number)
    restart_at(server, "+10m")
    log_in(people, number, code).refused(401, "otp_expired")


def test_a_clock_far_behind_the_newest_id_keeps_the_server_from_starting(make_server, make_people):
    server = make_server(environment=shifted("+1h"))
    alice, bob = make_people(server).online(2)
    alice.say("from the future", to=bob)
    server.kill()
    server.environment = shifted("+0")
    refuses(server, "clock")


def test_a_clock_that_was_ahead_once_is_no_dead_end(make_server, make_people):
    server = make_server(environment=shifted("+2d"))
    people = make_people(server)
    alice, bob = people.devices(2)
    ahead = alice.online().say("two days ahead", to=bob)
    server.kill()
    server.environment = shifted("+0")
    assert "max_clock_lag" in refuses(server, "clock")
    server.options["max_clock_lag"] = "3d"
    server.start()
    alice.rest.get("/api/users/me").refused(401)  # a token of the wrong time is not good until then
    sign_in_again(people, alice, bob)
    now = alice.online().say("set right", to=bob)
    assert int(now["message_id"]) > int(ahead["message_id"])
    assert [frame["content"] for frame in bob.online(ahead["message_id"]).of("message")] == ["set right"]
    server.terminate()
    server.start()


def test_retention_deletes_nothing_by_a_clock_that_jumped(make_server, make_people):
    server = make_server(message_retention_days=30, environment=shifted("+0"))
    people = make_people(server)
    alice, bob = people.devices(2)
    for number in range(5):
        alice.online().say(f"kept {number}", to=bob)
    restart_at(server, "+40d")
    assert server.errors[-1].wait_for("event=clock_jumped", patience.ANSWER)
    restart_at(server, "+0")
    assert len(bob.online("0").of("message")) == 5


def test_a_lost_answer_to_a_refresh_after_a_month_signs_nobody_out(make_server, make_people):
    server = make_server(environment=shifted("+0"))
    people = make_people(server)
    device = people.sign_in()
    restart_at(server, "+31d")
    refresh(people, device.refresh_token).ok()
    device.take_tokens(refresh(people, device.refresh_token).ok())
    device.online()


def test_a_clock_a_little_behind_gives_ids_that_still_rise(make_server, make_people):
    server = make_server(environment=shifted("+3s"))
    people = make_people(server)
    alice, bob = people.devices(2)
    first = alice.online().say("three seconds ahead", to=bob)
    restart_at(server, "+0")
    second = alice.online().say("back in time", to=bob)
    assert int(second["message_id"]) > int(first["message_id"])
    assert [frame["content"] for frame in bob.online("0").of("message")] == ["three seconds ahead", "back in time"]


def test_what_retention_lets_go_is_said_in_a_gap(make_server, make_people):
    server = make_server(environment=shifted("-3d"))
    people = make_people(server)
    alice, bob = people.devices(2)
    old = [alice.online().say(f"old {number}", to=bob) for number in range(3)]
    conversation = old[0]["conversation_id"]
    server.options.update(message_retention_days=1, max_clock_jump="10d")
    restart_at(server, "+0")
    sign_in_again(people, alice, bob)
    new = alice.online().say("new", to=bob)
    late = until_gone(bob, conversation, old[-1]["message_id"])
    assert [frame["content"] for frame in late.of("message")] == ["new"]
    [gap] = [frame for frame in late.of("gap") if frame["conversation_id"] == conversation]
    assert int(gap["to_message_id"]) >= int(old[-1]["message_id"]) and int(gap["to_message_id"]) < int(new["message_id"])
    assert int(gap["from_message_id"]) <= int(old[0]["message_id"])
    assert [message["content"] for message in bob.history(conversation)["messages"]] == ["new"]
    assert alice.rest.get(f"/api/conversations/{conversation}/messages?before_id={new['message_id']}").ok()["messages"] == []


def sign_in_again(people, *devices):
    for device in devices:
        device.take_tokens(refresh(people, device.refresh_token).ok())


def until_gone(device, conversation, message_id):
    """Syncs from nothing until the old message is not sent any more: retention works in the background."""
    for _ in range(200):
        connection = device.online("0")
        if not any(frame["message_id"] == message_id for frame in connection.of("message")):
            return connection
        connection.close()
    raise AssertionError("retention let nothing go")


def test_a_retry_of_a_message_that_retention_let_go_is_no_crash(make_server, make_people):
    server = make_server(environment=shifted("-3d"))
    people = make_people(server)
    alice, bob = people.devices(2)
    connection = alice.online()
    key = connection.post("let go", to=bob)
    old = connection.answer(key)
    server.options.update(message_retention_days=1, max_clock_jump="10d")
    restart_at(server, "+0")
    sign_in_again(people, alice, bob)
    until_gone(bob, old["conversation_id"], old["message_id"])
    again = alice.online()
    again.post("let go", to=bob, key=key)
    assert again.expect_any(("ack", "error"), idempotency_key=key)
    assert server.alive()
