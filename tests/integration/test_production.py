"""Without --dev: codes from the console or a webhook, and no code that fits everybody."""
import http.server
import json
import re
import threading

import pytest

from harness import patience
from harness.people import DEV_CODE, Device, fresh_phone_number


class Webhook:
    """Takes the codes that the server sends."""

    def __init__(self, status=200):
        self.requests = []
        self.arrived = threading.Condition()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.arrived:
                    outer.requests.append((dict(self.headers), body))
                    outer.arrived.notify_all()
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/codes"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self):
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.requests, patience.ANSWER), "no code arrived"
            return self.requests.pop(0)


def console_code(server, number):
    match = server.output[-1].wait_for(re.escape(number) + r"\D+(\d{4,10})\b|(\d{4,10})\D+" + re.escape(number),
                                       patience.ANSWER)
    assert match, server.printed()
    return match.group(1) or match.group(2)


def log_in(people, number, code):
    return people.anonymous().post("/api/auth/login", {"phone_number": number, "otp": code})


def test_the_console_shows_a_code_that_works_once(make_server, make_people):
    server = make_server(dev=False)
    people = make_people(server)
    number = fresh_phone_number()
    people.anonymous().post("/api/auth/otp", {"phone_number": number}).ok(204)
    code = console_code(server, number)
    device = Device(people, number, log_in(people, number, code).ok())
    device.rest.get("/api/users/me").ok()
    log_in(people, number, code).refused(401, "otp_invalid")


def test_the_code_of_dev_fits_nobody(make_server, make_people):
    people = make_people(make_server(dev=False))
    number = fresh_phone_number()
    people.anonymous().post("/api/auth/otp", {"phone_number": number}).ok(204)
    log_in(people, number, DEV_CODE).refused(401, "otp_invalid")


def test_five_wrong_tries_make_the_right_code_worthless(make_server, make_people):
    server = make_server(dev=False)
    people = make_people(server)
    number = fresh_phone_number()
    people.anonymous().post("/api/auth/otp", {"phone_number": number}).ok(204)
    code = console_code(server, number)
    wrong = "1" * len(code) if code != "1" * len(code) else "2" * len(code)
    for _ in range(5):
        log_in(people, number, wrong).refused(401, "otp_invalid")
    log_in(people, number, code).refused(401, "otp_exhausted")


def test_a_code_is_good_for_its_own_number_only(make_server, make_people):
    server = make_server(dev=False)
    people = make_people(server)
    mine, other = fresh_phone_number(), fresh_phone_number()
    for number in (mine, other):
        people.anonymous().post("/api/auth/otp", {"phone_number": number}).ok(204)
    code = console_code(server, mine)
    if code != console_code(server, other):
        log_in(people, other, code).refused(401, "otp_invalid")


def test_a_code_survives_a_kill_of_the_server(make_server, make_people):
    server = make_server(dev=False)
    people = make_people(server)
    number = fresh_phone_number()
    people.anonymous().post("/api/auth/otp", {"phone_number": number}).ok(204)
    code = console_code(server, number)
    server.crash_and_restart()
    log_in(people, number, code).ok()


def test_the_webhook_gets_the_code(make_server, make_people):
    webhook = Webhook()
    server = make_server(dev=False, otp_sender="webhook", otp_webhook_url=webhook.url,
                         environment={"SOTTO_OTP_WEBHOOK_SECRET": "a secret of the operator"})
    people = make_people(server)
    number = fresh_phone_number()
    people.anonymous().post("/api/auth/otp", {"phone_number": number}).ok(204)
    headers, body = webhook.next()
    request = json.loads(body)
    assert request["phone_number"] == number and "Sotto-Signature" in headers
    log_in(people, number, request["code"]).ok()
    assert number not in server.log() and request["code"] not in server.log()


def test_a_webhook_that_fails_is_no_crash_and_leaks_nothing(make_server, make_people):
    webhook = Webhook(status=500)
    server = make_server(dev=False, otp_sender="webhook", otp_webhook_url=webhook.url)
    people = make_people(server)
    number = fresh_phone_number()
    people.anonymous().post("/api/auth/otp", {"phone_number": number}).ok(204)  # it does not wait for the webhook
    webhook.next()
    assert server.alive() and number not in server.log()
    people.anonymous().get("/healthz")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/codes"])
def test_a_webhook_that_is_not_there_is_no_crash(make_server, make_people, url):
    server = make_server(dev=False, otp_sender="webhook", otp_webhook_url=url)
    make_people(server).anonymous().post("/api/auth/otp", {"phone_number": fresh_phone_number()}).ok(204)
    assert server.alive()
