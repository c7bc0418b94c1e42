"""What an operator looks at: /healthz, /readyz, /metrics, the log and what is never in it."""
import re
import resource
import signal
import sqlite3
import subprocess

import pytest

from harness.people import fresh_phone_number


def metrics(people):
    answer = people.anonymous().get("/metrics")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain"), answer
    return answer.body.decode()


def samples(text):
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            match = re.fullmatch(r"([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{[^}]*\})?) ([-+0-9.eE]+|NaN|[+-]Inf)(?: \d+)?", line)
            assert match, f"no sample of the Prometheus text format: {line!r}"
            found[match.group(1)] = float(match.group(2))
    return found


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_running_server_is_healthy_and_ready(people, path):
    assert people.anonymous().get(path).status == 200
    assert people.anonymous().call("HEAD", path).status == 200


def test_a_server_whose_disk_takes_no_writes_is_not_ready(make_server, make_people):
    """Also if the disk has room: here the files may not grow."""
    server = make_server(preexec=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
    rest = make_people(server).anonymous()
    assert rest.get("/readyz").status == 200
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, hard))
    assert rest.get("/readyz").status == 503
    assert rest.get("/healthz").status == 200, "alive all the same"
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    assert rest.get("/readyz").status == 200


def test_metrics_are_in_the_text_format_with_help_and_type(people):
    text = metrics(people)
    found = samples(text)
    assert found
    names = {name.split("{")[0] for name in found}
    typed = set(re.findall(r"^# TYPE (\S+) (?:counter|gauge|histogram|summary)$", text, re.M))
    helped = set(re.findall(r"^# HELP (\S+) .+$", text, re.M))
    for name in names:
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        assert name in typed or base in typed, f"{name} has no TYPE"
        assert name in helped or base in helped, f"{name} has no HELP"


def test_metrics_count_what_happens(make_server, make_people):
    people = make_people(make_server())
    before = samples(metrics(people))
    alice, bob = people.online(2)
    for number in range(7):
        alice.say(str(number), to=bob)
    after = samples(metrics(people))
    grown = {name: value - before.get(name, 0) for name, value in after.items()}
    assert [name for name, value in grown.items() if value == 7 and "message" in name], "messages are counted"
    assert [name for name, value in grown.items() if value == 2 and "connection" in name or "session" in name], \
        "connections are counted"


def test_receipts_pushes_and_refused_sign_ins_are_counted_once_each(make_server, make_people):
    people = make_people(make_server(logins_per_minute=20, otp_per_hour=2))
    alice, bob = people.online(2)
    offline = people.sign_in()
    offline.rest.put("/api/devices/me/push-token", {"platform": "apns", "token": "a" * 64}).ok(204)
    alice.say("to somebody who is away", to=offline)
    ack = alice.say("hello", to=bob)
    bob.expect("message", content="hello")
    place = {"conversation_id": ack["conversation_id"]}
    bob.send("delivered", message_ids=[ack["message_id"]], **place)
    bob.send("read", up_to_message_id=ack["message_id"], **place)
    alice.wait_until(lambda: len(alice.of("receipts")) > 0)
    rest = people.anonymous()
    number = fresh_phone_number()
    asked = [rest.post("/api/auth/otp", {"phone_number": number}).status for _ in range(3)]
    assert asked == [204, 204, 429]
    logins = [rest.post("/api/auth/login", {"phone_number": number, "otp": "1"}).status for _ in range(20)]
    alice.wait_until(lambda: samples(metrics(people))["sotto_push_notifications_total"] > 0)
    found = samples(metrics(people))
    assert found["sotto_push_notifications_total"] == 1
    assert found['sotto_receipts_total{status="delivered"}'] == 1
    assert found['sotto_receipts_total{status="read"}'] == 1
    assert found['sotto_rate_limited_total{what="otp"}'] == 1
    assert logins.count(429) > 0 and found['sotto_rate_limited_total{what="login"}'] == logins.count(429)


def test_metrics_ask_for_their_token_where_one_is_set(make_server, make_people):
    server = make_server(environment={"SOTTO_METRICS_TOKEN": "letmein"})
    rest = make_people(server).anonymous()
    rest.get("/metrics").refused(401)
    rest.get("/metrics", headers={"Authorization": "Bearer wrong"}).refused(401)
    assert rest.get("/metrics", headers={"Authorization": "Bearer letmein"}).status == 200


def test_metrics_hold_no_names_or_numbers_of_people(people):
    alice, bob = people.online(2)
    alice.say("x", to=bob)
    text = metrics(people)
    for secret in (alice.user_id, alice.device.phone_number, alice.device_id):
        assert secret not in text


@pytest.mark.parametrize("level", ["debug", "info"])
@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_the_log_never_holds_content_phone_numbers_or_tokens(make_server, make_people, level, form):
    server = make_server(log_level=level, log_format=form)
    people = make_people(server)
    text = "the rain in Spain stays mainly"
    alice, bob = people.online(2)
    ack = alice.say(text, to=bob)
    alice.say(to=bob, ciphertext="dGhlIHJhaW4gaW4gU3BhaW4=", epoch="0")
    bob.expect("message", content=text)
    bob.send("read", conversation_id=ack["conversation_id"], up_to_message_id=ack["message_id"])
    alice.wait_until(lambda: bool(alice.of("receipts")))
    offline = people.sign_in()
    offline.rest.put("/api/devices/me/push-token", {"platform": "apns", "token": "pushtoken" * 8})
    alice.say(text, to=offline)
    alice.rest.patch("/api/users/me", {"display_name": "Wilhelmina Q", "about": "about me myself"}).ok()
    group = alice.rest.post("/api/groups", {"name": "Surprise party", "member_ids": [bob.user_id]}).ok(201)
    alice.say(text, conversation=group["conversation_id"])
    pair = people.anonymous().post("/api/auth/refresh", {"refresh_token": bob.device.refresh_token}).ok()
    unknown = fresh_phone_number()
    alice.rest.post("/api/contacts", {"phone_numbers": [offline.phone_number, unknown]}).ok()
    # What goes wrong is the likelier place to leak.
    alice.send_raw('{"type":"message","content":"%s"' % text)
    alice.send_raw('{"type":"message","content":"%s","receiver_id":"1","idempotency_key":"x"}' % text)
    people.anonymous().post("/api/auth/login", {"phone_number": alice.device.phone_number, "otp": "918273"})
    people.anonymous().get("/api/users/me?token=" + alice.device.access_token)
    people.anonymous().get("/api/users/me", headers={"Authorization": "Bearer " + alice.device.access_token + "x"})
    people.anonymous().post("/api/auth/otp", raw=b'{"phone_number":"' + unknown.encode() + b'"')
    bob.say("a barrier", to=alice)
    server.terminate()
    log = server.log()
    assert log, "the server logs something"
    secrets = [text, "rain in", "dGhlIHJhaW4", "Wilhelmina", "about me myself", "Surprise party", "pushtoken", "918273",
               "a barrier", unknown, unknown[1:], pair["access_token"], pair["refresh_token"]]
    for device in (alice.device, bob.device, offline):
        secrets += [device.phone_number, device.phone_number[1:], device.access_token, device.refresh_token]
    for secret in secrets:
        assert secret not in log, f"{secret!r} is in the log"


def test_the_database_holds_no_token_in_the_clear(make_server, make_people):
    server = make_server()
    device = make_people(server).sign_in()
    server.terminate()
    stored = b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file())
    for secret in (device.access_token, device.refresh_token):
        assert secret.encode() not in stored


def test_a_log_line_of_json_is_json(make_server, make_people):
    import json
    server = make_server(log_format="json")
    make_people(server).online(2)
    server.terminate()
    lines = [line for line in server.log().splitlines() if line.startswith("{")]
    assert lines
    for line in lines:
        assert isinstance(json.loads(line), dict)


def test_the_process_list_shows_no_secret(make_server):
    server = make_server(environment={"SOTTO_METRICS_TOKEN": "letmein"})
    listing = subprocess.run(["ps", "-o", "args=", "-p", str(server.process.pid)], capture_output=True, text=True).stdout
    assert "sotto-server" in listing and "letmein" not in listing


def test_a_backup_taken_while_the_server_runs_restores_everything_and_everyone(make_server, make_people, tmp_path):
    """docs/operating.md, "Data and backups": what `sqlite3 DB ".backup FILE"` does."""
    server = make_server()
    alice, bob = make_people(server).online(2)
    acks = [alice.say(f"before {number}", to=bob) for number in range(20)]
    backup = tmp_path / "backup.db"
    with sqlite3.connect(server.database()) as source, sqlite3.connect(backup) as target:
        source.backup(target)
    alice.say("after the backup", to=bob)
    assert server.terminate() == 0

    restored = make_server(folder="restored", start=False)
    restored.data.mkdir(mode=0o700)
    backup.rename(restored.data / server.database().name)
    restored.start()
    again = make_people(restored).anonymous()
    again.token = alice.device.access_token
    found = again.get(f"/api/conversations/{acks[0]['conversation_id']}/messages?limit=100").ok()["messages"]
    assert [each["content"] for each in reversed(found)] == [f"before {number}" for number in range(20)]
