"""What keeps the server from starting: one clear line and a non-zero exit."""
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile

import pytest

from harness import patience
from harness.binaries import program
from harness.disk import remount_read_only, small_disk
from harness.server import Server

NOBODY = 65534
# What a person does not want to see in place of a sentence.
SIGNS_OF_AN_ACCIDENT = ("terminate called", "what():", "Assertion", "core dumped", "stack", "nullptr", "0x")


def refuses(server, *words):
    """The server does not start and says in one line why; each of `words` (or one of a tuple) is in it."""
    server.launch()
    code = server.wait(patience.START)
    assert code is not None and 0 < code < 128, f"exit {code}: {server.log()}"
    said = server.errors[-1].text() + "\n" + server.output[-1].text()
    lines = [line for line in said.splitlines() if line.strip()]
    complaints = [line for line in lines if not line.lower().startswith(("time=", "warn")) or "level=error" in line]
    assert len(complaints) == 1, f"one line, not {lines}"
    for word in words:
        options = word if isinstance(word, tuple) else (word,)
        assert any(option.lower() in complaints[0].lower() for option in options), (word, complaints[0])
    # A path may hold any of the signs: a temporary folder may be called 10xl.
    sentence = re.sub(r"\S*/\S*", "", complaints[0])
    assert not any(sign in sentence for sign in SIGNS_OF_AN_ACCIDENT), complaints[0]
    return complaints[0]


@pytest.fixture
def stopped(make_server, make_people):
    """A server with some data, stopped in good order."""
    server = make_server()
    alice, bob = make_people(server).online(2)
    alice.say("before", to=bob)
    server.terminate()
    return server


def test_a_restart_finds_everything(stopped):
    stopped.start()
    assert stopped.alive()


def test_the_data_folder_is_made_if_it_is_missing(make_server, tmp_path):
    make_server(folder="a/b/c")
    assert (tmp_path / "a/b/c").is_dir()


def test_what_is_stored_is_readable_by_its_owner_only(stopped):
    for path in [stopped.data] + list(stopped.data.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, f"{path} is {oct(path.stat().st_mode)}"


def test_a_port_that_is_taken(make_server, tmp_path):
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    refuses(Server(tmp_path / "data", listen=f"127.0.0.1:{port}"), str(port), ("in use", "taken"))
    taken.close()


def test_two_servers_on_one_data_folder(make_server, tmp_path):
    first = make_server()
    refuses(Server(first.data), ("in use", "another", "locked", "running"))
    assert first.alive()


@pytest.mark.parametrize("name,content", [("empty space", b"\0" * 8192), ("text", b"hello, I am a diary\n" * 500),
                                          ("a truncated head", b"SQLite format 3\0"), ("noise", os.urandom(16384))])
def test_a_file_that_is_no_database(stopped, name, content):
    database = stopped.database()
    remove_sidecars(database)
    database.write_bytes(content)
    refuses(stopped, database.name)
    assert database.read_bytes() == content, "the file of somebody else is left as it was"


def remove_sidecars(database):
    for suffix in ("-wal", "-shm", "-journal"):
        pathlib.Path(str(database) + suffix).unlink(missing_ok=True)


def test_a_database_of_another_program(stopped):
    database = stopped.database()
    remove_sidecars(database)
    database.unlink()
    other = sqlite3.connect(database)
    other.execute("PRAGMA application_id = 1234567")
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.execute("INSERT INTO recipes VALUES ('soup')")
    other.commit()
    other.close()
    before = database.read_bytes()
    refuses(stopped, database.name, ("not a", "another program", "other program", "belongs"))
    assert database.read_bytes() == before


def test_a_database_of_another_program_without_an_application_id(stopped):
    database = stopped.database()
    remove_sidecars(database)
    database.unlink()
    other = sqlite3.connect(database)
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.commit()
    other.close()
    refuses(stopped, database.name)


def test_a_newer_schema(stopped):
    connection = sqlite3.connect(stopped.database())
    [[version]] = connection.execute("PRAGMA user_version").fetchall()
    assert version > 0, "the schema's version is kept in user_version"
    connection.execute(f"PRAGMA user_version = {version + 1000}")
    connection.commit()
    connection.close()
    refuses(stopped, ("newer", "later"))


def test_a_damaged_database_is_never_taken_for_a_good_one(stopped):
    database = stopped.database()
    remove_sidecars(database)
    content = bytearray(database.read_bytes())
    content[100:4096] = os.urandom(3996)
    database.write_bytes(content)
    refuses(stopped, database.name)


def test_a_read_only_data_folder(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        remount_read_only(disk)
        refuses(Server(disk.path / "data"), ("read-only", "permission", "cannot write"))


def test_a_read_only_database(make_server, tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        server = make_server(folder="disk/data")
        server.terminate()
        remount_read_only(disk)
        refuses(server, ("read-only", "readonly", "permission", "cannot write"))


def test_a_data_folder_that_is_a_file(tmp_path):
    path = tmp_path / "data"
    path.write_text("not a folder")
    refuses(Server(path), str(path))


def test_a_data_folder_one_may_not_enter():
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    # pytest's own folders and, in a home, the build are closed to others: the server runs as a copy that they reach.
    with tempfile.TemporaryDirectory(prefix="sotto-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        copy = shutil.copy(program("sotto-server"), folder)
        (folder / "closed").mkdir(mode=0o700)
        (folder / "open").mkdir()
        os.chown(folder / "open", NOBODY, NOBODY)
        with Server(folder / "open" / "data", user=NOBODY, executable=copy) as server:
            assert server.alive()
        refuses(Server(folder / "closed" / "data", user=NOBODY, executable=copy), str(folder / "closed" / "data"), ("permission", "denied"))


# ---- certificates

def test_a_certificate_that_is_missing_or_none(tmp_path):
    nothing = tmp_path / "nothing.pem"
    refuses(Server(tmp_path / "data", tls_certificate=nothing, tls_private_key=nothing), str(nothing))
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("-----BEGIN CERTIFICATE-----\nhello\n-----END CERTIFICATE-----\n")
    refuses(Server(tmp_path / "data", tls_certificate=garbage, tls_private_key=garbage), str(garbage))


def test_a_key_that_does_not_belong_to_the_certificate(tmp_path):
    from harness.certificates import make_authority, make_certificate
    authority = make_authority(tmp_path)
    one, two = make_certificate(tmp_path, authority, "one"), make_certificate(tmp_path, authority, "two")
    refuses(Server(tmp_path / "data", tls_certificate=one.certificate, tls_private_key=two.key), ("key", "match"))


# ---- flags, environment, file

@pytest.mark.parametrize("options,word", [
    ({"max_group_members": "many"}, "max-group-members"), ({"max_group_members": "-1"}, "max-group-members"),
    ({"max_group_members": "1"}, "max-group-members"), ({"max_group_members": "9" * 30}, "max-group-members"),
    ({"ping_interval": "30"}, "ping-interval"), ({"ping_interval": "30 parsecs"}, "ping-interval"),
    ({"max_frame_size": "64KB2"}, "max-frame-size"), ({"node_id": "1024"}, "node-id"),
    ({"log_level": "loud"}, "log-level"), ({"otp_sender": "pigeon"}, "otp-sender"),
    ({"shoe_size": "38"}, "shoe-size"), ({"tls_certificate": "x"}, "tls_private_key"),
    ({"silence_limit": "10s"}, "silence_limit"), ({"presence_ttl": "10s"}, "presence_ttl"),
])
def test_a_bad_flag_is_named(tmp_path, options, word):
    line = refuses(Server(tmp_path / "data", **options), (word, word.replace("-", "_")))
    if word != "shoe-size" and "_" not in word:
        assert str(options[next(iter(options))])[:10] in line, f"the value is named: {line}"


@pytest.mark.parametrize("listen", ["", "7070", "127.0.0.1", "127.0.0.1:70000", "127.0.0.1:-1", "127.0.0.1:abc",
                                    "256.0.0.1:80", "example.org:80", "[::1:80"])
def test_a_bad_address_is_named(tmp_path, listen):
    refuses(Server(tmp_path / "data", listen=listen), "listen")


@pytest.mark.parametrize("dev", [True, False])
def test_beyond_loopback_nothing_goes_in_the_clear(tmp_path, dev):
    refuses(Server(tmp_path / "data", dev=dev, listen="0.0.0.0:0"), "listen", "loopback")


@pytest.mark.parametrize("text,words", [
    ("max_group_members = many", (":1", "max_group_members")),
    ("# a comment\n\nshoe_size = 38", (":3", "shoe_size")),
    ("max_group_member = 5", (":1", "max_group_members")),
    ("listen", (":1",)), ("= 5", (":1",)), ("listen = \"127.0.0.1:0", (":1",)), ("node_id = 1\nnode_id = 2", (":2", "node_id")),
    ("[section]\nnode_id = 1", (":1",)), ("trusted_proxies = [\"10.0.0.0/99\"]", ("trusted_proxies",)),
    ("\x00\x01\x02", (":1",)), ("node_id = \xff", (":1",)), ("x" * 100_000, (":1",)),
])
def test_a_bad_configuration_file_is_named_with_its_line(tmp_path, text, words):
    path = tmp_path / "sotto.toml"
    path.write_bytes(text.encode("latin-1"))
    refuses(Server(tmp_path / "data", arguments=["--config", str(path)]), path.name, *words)


def test_a_configuration_file_that_is_missing_is_named(tmp_path):
    refuses(Server(tmp_path / "data", arguments=["--config", str(tmp_path / "none.toml")]), "none.toml")


@pytest.mark.parametrize("name,value", [("SOTTO_NODE_ID", "x"), ("SOTTO_MAX_GROUP_MEMBERS", ""), ("SOTTO_PING_INTERVAL", "\xff")])
def test_a_bad_environment_variable_is_named(tmp_path, name, value):
    refuses(Server(tmp_path / "data", environment={name: value}), name)


def test_flag_goes_before_environment_goes_before_file(tmp_path):
    path = tmp_path / "sotto.toml"
    path.write_text("node_id = 1\nmax_group_members = 11\nwrite_fanout_max_members = 5\n")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SOTTO_")}
    environment |= {"SOTTO_NODE_ID": "2", "SOTTO_MAX_GROUP_MEMBERS": "12"}
    done = subprocess.run([program("sotto-server"), "--config", str(path), "--node-id", "3", "--print-config"],
                          capture_output=True, text=True, env=environment, timeout=patience.ANSWER)
    assert done.returncode == 0, done.stderr
    settings = dict(line.split("#")[0].replace(" ", "").split("=") for line in done.stdout.splitlines()
                    if "=" in line and not line.startswith("#"))
    assert (settings["node_id"], settings["max_group_members"], settings["write_fanout_max_members"]) == ("3", "12", "5")


def test_the_defaults_are_those_of_the_protocol(tmp_path):
    done = subprocess.run([program("sotto-server"), "--print-config"], capture_output=True, text=True,
                          timeout=patience.ANSWER)
    text = done.stdout.replace(" ", "").replace('"', "")
    for setting in ("ping_interval=30s", "silence_limit=75s", "max_frame_size=64KiB", "max_queued_size=256KiB",
                    "max_group_members=500", "write_fanout_max_members=100", "receipt_flush_interval=500ms",
                    "presence_ttl=90s", "presence_heartbeat=60s", "last_seen_interval=1h", "messages_per_second=20",
                    "message_burst=100", "logins_per_minute=10"):
        assert setting in text.replace("1m30s", "90s"), setting


def test_help_and_version_are_printed(tmp_path):
    for flag, word in (("--help", "--write-fanout-max-members"), ("--version", "sotto-server")):
        done = subprocess.run([program("sotto-server"), flag], capture_output=True, text=True, timeout=patience.ANSWER)
        assert done.returncode == 0 and word in done.stdout, done


def test_dev_says_loudly_that_anybody_can_sign_in(make_server):
    server = make_server()
    assert "000000" in server.log() + server.printed()
