"""Backups: made while the server runs, restored after it was killed, and what clients notice of it."""
import pathlib
import sqlite3
import subprocess

import pytest

from harness import patience
from harness.binaries import program


def run(server, *arguments):
    """The server's program on its data, for a task that ends; the finished process."""
    return subprocess.run([program("sotto-server"), "--data", str(server.data), *map(str, arguments)],
                          capture_output=True, text=True, timeout=patience.BULK, check=False)


def back_up(server, file):
    done = run(server, "--backup", file)
    assert done.returncode == 0, done.stderr
    return done


def restore(server, file):
    done = run(server, "--restore", file)
    assert done.returncode == 0, done.stderr
    return done


def sound(database):
    connection = sqlite3.connect(database)
    [[verdict]] = connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()
    return verdict == "ok"


@pytest.fixture
def world(make_server, make_people, tmp_path):
    """A server with a message, a backup of it made while it runs, and some hundred messages since."""
    server = make_server()
    alice, bob = make_people(server).online(2)
    first = alice.say("in the backup", to=bob)
    file = tmp_path / "backup.db"
    back_up(server, file)
    bob.expect("message", content="in the backup")
    for number in range(300):
        alice.say(f"after the backup {number} " + "x" * 500, to=bob)
    bob.expect("message", content="after the backup 299 " + "x" * 500)
    return server, alice.device, bob.device, first, file


def test_a_backup_of_a_running_server_is_one_sound_file(world):
    _, _, _, _, file = world
    assert sorted(path.name for path in file.parent.glob("backup.db*")) == ["backup.db"]
    assert file.stat().st_mode & 0o077 == 0
    assert sound(file)


def test_a_restore_after_a_kill_gives_back_exactly_the_backup(world):
    server, _, bob, _, file = world
    server.kill()
    assert pathlib.Path(str(server.database()) + "-wal").stat().st_size > 0, "the log of the killed server is there"
    said = restore(server, file).stdout
    assert "the database that was there is kept as" in said
    kept = pathlib.Path(said.split("is kept as ")[1].strip())
    server.start()
    assert [frame["content"] for frame in bob.online("0").of("message")] == ["in the backup"]
    server.terminate()
    assert sound(server.database())
    connection = sqlite3.connect(kept)
    assert connection.execute("SELECT count(*) FROM messages").fetchone() == (301,), "with its log"
    connection.close()


def test_clients_are_told_of_another_stream_and_where_it_left_the_old_one(world):
    server, _, bob, first, file = world
    before = bob.connect().received[0]
    again = bob.connect().received[0]
    assert before["stream_id"] == again["stream_id"] != "0"
    assert before["stream_from"] == "0"
    server.kill()
    restore(server, file)
    server.start()
    after = bob.connect().received[0]
    assert after["stream_id"] != before["stream_id"]
    assert int(after["stream_from"]) >= int(first["message_id"])


def test_a_place_of_the_lost_time_is_refused_and_the_client_may_start_over(world):
    server, _, bob, _, file = world
    newest = bob.online("0").of("message")[-1]["message_id"]
    server.kill()
    restore(server, file)
    server.start()
    connection = bob.connect()
    connection.send("sync", last_seen_message_id=newest)
    error = connection.expect("error")
    assert error["code"] == "unknown_place"
    connection.sync("0")
    assert [frame["content"] for frame in connection.of("message")] == ["in the backup"]


def test_a_running_server_is_not_restored_under(world):
    server, alice, bob, _, file = world
    done = run(server, "--restore", file)
    assert done.returncode == 1
    assert "stop the server first" in done.stderr and len(done.stderr.strip().splitlines()) == 1
    alice.online().say("still here", to=bob)


def test_a_damaged_backup_changes_nothing(world):
    server, _, bob, _, file = world
    server.kill()
    content = bytearray(file.read_bytes())
    content[len(content) // 2:len(content) // 2 + 20000] = b"\x5a" * 20000
    file.write_bytes(content)
    done = run(server, "--restore", file)
    assert done.returncode == 1 and "damaged" in done.stderr
    server.start()
    assert len(bob.online("0").of("message")) == 301

