"""kill -9 of `sotto rpc` and of the server in mid-traffic: the promises of guarantees.md with the real SDK on both ends."""
import random

import pytest

from harness import patience
from harness.rpc import RpcClient
from harness.rpc_promises import check_rpc_promises, settle

ROUNDS = 8


@pytest.fixture
def world(make_server, tmp_path):
    """A server and three people in a group, each a process."""
    server = make_server()
    clients = [RpcClient(server.url, tmp_path / name).sign_in() for name in ("alice", "bob", "carol")]
    alice = clients[0]
    group = alice.call("group_create", name="All", member_ids=[each.user_id for each in clients[1:]])["conversation_id"]
    for client in clients[1:]:
        client.expect("conversation", lambda event: event["conversation_id"] == group)
    yield server, clients, group
    for client in clients:
        if client.alive():
            client.kill()


def speak(client, group, sent, count):
    for _ in range(count):
        text = f"{client.user_id}/{len(sent[client])}"
        client.call("send", conversation_id=group, text=text)
        sent[client].append(text)


def revive(client):
    client.kill()
    client.start()
    client.call("connect")


def finish(clients, group, sent):
    settle(clients, group)
    return check_rpc_promises(clients, group, sent)


def test_killed_servers_lose_nothing_and_repeat_nothing(world):
    server, clients, group = world
    dice = random.Random(20260105)
    sent = {client: [] for client in clients}
    for _ in range(ROUNDS):
        for client in clients:
            speak(client, group, sent, dice.randint(3, 20))
        server.crash_and_restart()
    assert finish(clients, group, sent) == sum(len(texts) for texts in sent.values())


def test_killed_clients_lose_nothing_and_repeat_nothing(world):
    server, clients, group = world
    dice = random.Random(20260106)
    sent = {client: [] for client in clients}
    for _ in range(ROUNDS):
        for client in clients:
            speak(client, group, sent, dice.randint(3, 20))
        revive(dice.choice(clients))
    assert finish(clients, group, sent) == sum(len(texts) for texts in sent.values())


def test_both_ends_killed_lose_nothing_and_repeat_nothing(world):
    server, clients, group = world
    dice = random.Random(20260107)
    sent = {client: [] for client in clients}
    for round_number in range(ROUNDS):
        for client in clients:
            speak(client, group, sent, dice.randint(3, 20))
        server.kill()
        victim = dice.choice(clients)
        speak(victim, group, sent, 5)
        revive_without_server(victim)
        speak(victim, group, sent, 5)
        server.start()
    assert finish(clients, group, sent) == sum(len(texts) for texts in sent.values())


def revive_without_server(client):
    client.kill()
    client.start()
    client.post("connect")


def test_a_drain_under_load_loses_nothing(world):
    server, clients, group = world
    sent = {client: [] for client in clients}
    for _ in range(3):
        for client in clients:
            speak(client, group, sent, 15)
        assert server.terminate() == 0
        server.start()
    assert finish(clients, group, sent) == sum(len(texts) for texts in sent.values())


def test_delivered_is_told_only_of_what_survives_a_kill(world):
    """G5: once the sender has seen `delivered`, the message is in the recipient's store, whatever kills the recipient."""
    server, (alice, bob, carol), group = world
    for number in range(6):
        sent = alice.call("send", user_id=bob.user_id, text=f"note {number}")
        alice.wait_until_status(sent["local_id"], "delivered", timeout=patience.ANSWER)
        bob.kill()
        bob.start()
        conversation = next(entry["conversation_id"] for entry in bob.call("conversations")["conversations"]
                            if entry["kind"] == "direct")
        assert f"note {number}" in bob.shown(conversation)
        bob.call("connect")
