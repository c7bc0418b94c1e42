"""G1 to G5 and G7 on the SDK's side: what the app was told, what the devices show, what the server holds."""
from harness import patience

END = "the end of "


def settle(clients, conversation):
    """Everybody says a last message; once everybody shows all of them, what they show is final: a sender's messages go
    out in order, so nothing can still be waiting before its last one."""
    for client in clients:
        client.call("connect")  # does not wait for the next attempt to reconnect
        client.call("send", conversation_id=conversation, text=END + client.user_id)
    wanted = {END + client.user_id for client in clients}

    def shows_all(client):
        # All of them: who reconnects late sends more than a page behind the others' last messages.
        return wanted <= {message["text"] for message in client.all_messages(conversation) if message["message_id"]}

    for client in clients:
        client.wait_until(lambda c=client: shows_all(c), patience.BULK, "everybody's last message")


def check_rpc_promises(clients, conversation, sent_by):
    """`sent_by[client]` are the texts that `send` accepted, in order. All devices must show all of them, once each, in
    one order, each sender's in the order in which they were sent, with ascending ids; how many there are."""
    views = {}
    for client in clients:
        messages = [message for message in client.all_messages(conversation) if not message["text"].startswith(END)]
        ids = [int(message["message_id"]) for message in messages]
        assert ids == sorted(set(ids)), "G3: ids rise without repeats"
        views[client] = [(message["message_id"], message["text"]) for message in messages]
    first = views[clients[0]]
    for client in clients:
        assert views[client] == first, f"G3, G4: {client.store.name} shows something else than {clients[0].store.name}"
    shown = [text for _, text in first]
    assert len(shown) == len(set(shown)), "G2: shown once"
    for client, texts in sent_by.items():
        own = [text for text in shown if text.startswith(f"{client.user_id}/")]
        assert own == texts, f"G2, G3, G7: {len(texts)} sent, {len(own)} shown"
    return len(shown)
