"""`sotto login`, `sotto send` and their exit codes: what scripts rely on."""
import json
import os
import pty
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from harness import patience
from harness.binaries import program
from harness.people import DEV_CODE, fresh_phone_number


def run(*arguments, given=None, **variables):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SOTTO_")} | variables
    return subprocess.run([program("sotto"), *map(str, arguments)], input=given, capture_output=True, text=True,
                          env=environment, timeout=patience.ANSWER * 2, stdin=None if given is not None else subprocess.DEVNULL)


def sign_in(server, store, number=None):
    number = number or fresh_phone_number()
    done = run("login", "--server", server.url, "--store", store, "--phone", number, SOTTO_CODE=DEV_CODE)
    assert done.returncode == 0, done
    return number


def test_a_message_is_sent_and_its_id_printed(server, people, tmp_path):
    sign_in(server, tmp_path / "alice")
    bob = people.online(1)[0]
    done = run("send", "--store", tmp_path / "alice", bob.device.phone_number, "hello from a script")
    assert done.returncode == 0, done
    frame = bob.expect("message", content="hello from a script")
    assert done.stdout.strip() == frame["message_id"]


def test_a_message_is_read_from_standard_input(server, people, tmp_path):
    sign_in(server, tmp_path / "alice")
    bob = people.online(1)[0]
    done = run("send", "--store", tmp_path / "alice", bob.device.phone_number, "-", given="two\nlines")
    assert done.returncode == 0, done
    bob.expect("message", content="two\nlines")


def test_a_wrong_code_fails_and_says_what_to_do(server, tmp_path):
    done = run("login", "--server", server.url, "--store", tmp_path / "x", "--phone", fresh_phone_number(), "--code", "123456")
    assert done.returncode == 1 and "code" in done.stderr, done


@pytest.mark.parametrize("arguments", [[], ["dance"], ["send"], ["login", "--shoe-size", "38"], ["rpc", "--server"]])
def test_wrong_use_is_2_and_explained(arguments):
    done = run(*arguments)
    assert done.returncode == 2 and done.stderr.strip(), done


def test_no_server_known_is_wrong_use(tmp_path):
    done = run("send", "--store", tmp_path / "x", "+99912345678901", "x")
    assert done.returncode == 2 and "--server" in done.stderr, done


def test_an_unreachable_server_may_work_later(server, tmp_path):
    done = run("login", "--server", "http://127.0.0.1:9", "--store", tmp_path / "x", "--phone", fresh_phone_number(), "--code", "1")
    assert done.returncode == 3, done


def test_an_account_is_not_taken_to_another_server(server, tmp_path):
    sign_in(server, tmp_path / "alice")
    done = run("send", "--server", "http://127.0.0.1:9", "--store", tmp_path / "alice", "+99912345678901", "x")
    assert done.returncode == 1 and server.url in done.stderr and "--profile" in done.stderr, done
    done = run("send", "--store", tmp_path / "alice", fresh_phone_number(), "x")
    assert "127.0.0.1:9" not in done.stderr, done  # the address that was refused is not remembered


def test_http_to_another_machine_has_to_be_meant(tmp_path):
    asked = ("login", "--server", "http://chat.invalid", "--store", tmp_path / "x", "--phone", "+99912345678901")
    done = run(*asked)
    assert done.returncode == 2 and "--insecure" in done.stderr, done
    done = run(*asked, "--insecure")
    assert done.returncode == 3, done  # it was tried; there is no such machine


def test_a_code_comes_from_a_file_or_the_environment(server, tmp_path):
    (tmp_path / "code").write_text(DEV_CODE + "\n")
    ways = {"file": (["--code-file", tmp_path / "code"], {}), "environment": ([], {"SOTTO_CODE": DEV_CODE})}
    for name, (arguments, variables) in ways.items():
        done = run("login", "--server", server.url, "--store", tmp_path / name, "--phone", fresh_phone_number(), *arguments, **variables)
        assert done.returncode == 0 and "warning" not in done.stderr, done


def test_a_code_on_the_command_line_is_for_this_machine_and_warned_of(server, tmp_path):
    done = run("login", "--server", server.url, "--store", tmp_path / "x", "--phone", fresh_phone_number(), "--code", DEV_CODE)
    assert done.returncode == 0 and "warning" in done.stderr, done
    done = run("login", "--server", "https://chat.invalid", "--store", tmp_path / "y", "--phone", "+99912345678901", "--code", DEV_CODE)
    assert done.returncode == 2 and "--code-file" in done.stderr, done


ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b]52;c;b3duZWQ=\x07\x9b31m\u202e" + "x" * 3000


@pytest.fixture
def hostile_server():
    """Refuses everything, in words that would take over a terminal."""
    class Refuse(BaseHTTPRequestHandler):
        def refuse(self):
            body = json.dumps({"code": ESCAPES, "title": ESCAPES, "detail": ESCAPES}).encode()
            self.send_response(400)
            self.send_header("Content-Type", "application/problem+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        do_GET = do_POST = do_PATCH = refuse

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Refuse) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def in_a_terminal(*arguments):
    """What a program writes to a terminal of its own, until it ends."""
    ours, its = pty.openpty()
    process = subprocess.Popen([program("sotto"), *map(str, arguments)], stdin=its, stdout=its, stderr=its, start_new_session=True)
    os.close(its)
    written = b""
    try:
        while piece := os.read(ours, 65536):
            written += piece
    except OSError:
        pass  # the other end is closed
    finally:
        os.close(ours)
        process.wait(timeout=patience.ANSWER * 2)
    return written.decode(errors="replace")


def test_a_hostile_server_does_not_reach_the_terminal(server, hostile_server, tmp_path):
    store = tmp_path / "alice"
    sign_in(server, store)
    there = ("--server", hostile_server, "--server-moved", "--store")
    written = {
        "login": in_a_terminal("login", "--server", hostile_server, "--store", tmp_path / "new", "--phone", fresh_phone_number()),
        "chat": in_a_terminal("chat", "--server", hostile_server, "--store", tmp_path / "new", "--phone", fresh_phone_number()),
        "send": in_a_terminal("send", *there, store, fresh_phone_number(), "hello"),
    }
    for command, text in written.items():
        assert text.strip(), command
        assert not set(text) & set("\x1b\x07\x9b\u202e"), (command, text)
        assert len(text) < 1000, (command, text)


def test_help_and_version_are_printed():
    for flag in ("--help", "--version"):
        done = run(flag)
        assert done.returncode == 0 and done.stdout.strip(), done


def test_the_store_is_nobody_elses_business(server, tmp_path):
    sign_in(server, tmp_path / "alice")
    assert (tmp_path / "alice").stat().st_mode & 0o777 == 0o700  # nobody else gets at what is inside
    assert (tmp_path / "alice" / "store.key").stat().st_mode & 0o777 == 0o600


def test_the_store_holds_no_text_or_token_in_the_clear(server, people, tmp_path):
    store = tmp_path / "alice"
    number = sign_in(server, store)
    bob = people.online(1)[0]
    run("send", "--store", store, bob.device.phone_number, "a very secret sentence")
    bob.expect("message")
    stored = b"".join(path.read_bytes() for path in store.rglob("*") if path.is_file())
    assert stored
    for secret in ("a very secret sentence", "secret sentence", number[1:], bob.device.phone_number[1:]):
        assert secret.encode() not in stored, secret
    assert b"SQLite format 3" not in stored


def test_a_damaged_or_foreign_store_is_an_error_that_says_so(server, tmp_path):
    store = tmp_path / "alice"
    sign_in(server, store)
    database = max((path for path in store.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    content = bytearray(database.read_bytes())
    content[len(content) // 2] ^= 1
    database.write_bytes(content)
    done = run("send", "--store", store, "+99912345678901", "x")
    assert done.returncode == 1 and done.stderr.strip(), done
    assert len(database.read_bytes()) == len(content), "nothing is deleted by itself"


def test_a_lost_key_is_said_to_be_lost(server, tmp_path):
    store = tmp_path / "alice"
    sign_in(server, store)
    (store / "store.key").unlink()
    done = run("send", "--store", store, "+99912345678901", "x")
    assert done.returncode == 1 and "key" in done.stderr, done
