"""`sotto rpc`, method by method and event by event (protocol.md, JSON-RPC of the terminal client)."""
import pytest

from harness.people import DEV_CODE, fresh_phone_number
from harness.rpc import RpcClient, RpcFailure
from harness.rpc_fixtures import sotto  # noqa: F401

UNKNOWN = "424242"


def refused(client, method, word=None, code=None, **params):
    with pytest.raises(RpcFailure) as caught:
        client.call(method, **params)
    assert caught.value.message, "an error says what is wrong"
    if word:
        assert caught.value.word in (word if isinstance(word, tuple) else (word,)), caught.value
    if code:
        assert caught.value.code == code, caught.value
    return caught.value


def test_login_and_me_tell_the_same_ids(sotto):
    [alice] = sotto()
    me = alice.call("me")
    assert me["user_id"] == alice.user_id and me["user_id"].isdigit() and me["device_id"].isdigit()


def test_a_wrong_code_is_refused_with_its_word(server, tmp_path):
    client = RpcClient(server.url, tmp_path / "x")
    refused(client, "login", "otp_invalid", phone_number=fresh_phone_number(), otp="123456")
    client.end_input()


def test_connecting_is_told(sotto):
    [alice] = sotto()
    alice.expect("connection", lambda event: event["state"] == "online")


def test_a_message_is_shown_and_its_status_goes_up_to_read(sotto):
    alice, bob = sotto(2)
    sent = alice.call("send", user_id=bob.user_id, text="hello")
    assert sent["local_id"] and sent["conversation_id"]
    received = bob.expect_text("hello")
    assert received["sender_id"] == alice.user_id and received["is_mine"] is False
    for status in ("sent", "delivered"):
        alice.wait_until_status(sent["local_id"], status, "read")
    bob.call("mark_read", conversation_id=received["conversation_id"], message_id=received["message_id"])
    alice.wait_until_status(sent["local_id"], "read")
    seen = [event["status"] for event in alice.events if event["type"] == "status" and event["local_id"] == sent["local_id"]]
    order = ["queued", "encrypting", "in_flight", "sent", "delivered", "read"]
    assert [order.index(status) for status in seen] == sorted(order.index(status) for status in seen), seen


def test_a_message_by_phone_number_finds_its_person(sotto):
    alice, bob = sotto(2)
    assert alice.call("find_user", phone_number=bob.phone_number)["user_id"] == bob.user_id
    alice.call("send", phone_number=bob.phone_number, text="by number")
    bob.expect_text("by number")


def test_an_unknown_number_is_not_found(sotto):
    [alice] = sotto()
    refused(alice, "find_user", "not_found", phone_number=fresh_phone_number())


def test_the_answer_goes_to_the_same_conversation(sotto):
    alice, bob = sotto(2)
    alice.call("send", user_id=bob.user_id, text="ping")
    conversation = bob.expect_text("ping")["conversation_id"]
    bob.call("send", conversation_id=conversation, text="pong")
    assert alice.expect_text("pong")["conversation_id"] == conversation
    assert alice.shown(conversation) == bob.shown(conversation) == ["ping", "pong"]


def test_a_reply_names_the_message_it_answers(sotto):
    alice, bob = sotto(2)
    alice.call("send", user_id=bob.user_id, text="question")
    question = bob.expect_text("question")
    bob.call("send", conversation_id=question["conversation_id"], text="answer",
             reply_to_message_id=question["message_id"])
    assert alice.expect_text("answer")["reply_to_message_id"] == question["message_id"]


def test_conversations_list_the_last_message_and_unread_counts(sotto):
    alice, bob = sotto(2)
    for text in ("one", "two", "three"):
        alice.call("send", user_id=bob.user_id, text=text)
    last = bob.expect_text("three")
    [entry] = bob.call("conversations")["conversations"]
    assert entry["unread_count"] == 3 and entry["last_message"]["text"] == "three" and entry["kind"] == "direct"
    bob.call("mark_read", conversation_id=last["conversation_id"], message_id=last["message_id"])
    bob.wait_until(lambda: True)
    assert bob.call("conversations")["conversations"][0]["unread_count"] == 0


def test_messages_come_in_pages(sotto):
    alice, bob = sotto(2)
    texts = [str(number) for number in range(25)]
    for text in texts:
        alice.call("send", user_id=bob.user_id, text=text)
    conversation = bob.expect_text("24")["conversation_id"]
    seen, before = [], {}
    while True:
        page = bob.call("messages", conversation_id=conversation, limit=10, **before)
        assert len(page["messages"]) <= 10
        seen += sorted(page["messages"], key=lambda m: -int(m["message_id"]))
        if not page["has_more"]:
            break
        before = {"before_id": seen[-1]["message_id"]}
    assert [message["text"] for message in seen] == texts[::-1]


@pytest.mark.parametrize("text,query", [("The quick brown fox", "quick"), ("Grüße aus Köln", "köln"), ("你好世界", "世界"),
                                        ("see https://example.org/path", "example.org"), ("жёлтый", "лты"),
                                        ("The quick brown fox", "fox QUICK"), ("aus Übermut", "ubermut"), ("a quick fox", '"quick fox"')])
def test_search_finds_words_parts_and_scripts(sotto, text, query):
    alice, bob = sotto(2)
    alice.call("send", user_id=bob.user_id, text=text)
    alice.call("send", user_id=bob.user_id, text="something else")
    bob.expect_text("something else")
    page = bob.call("search", text=query)
    assert [message["text"] for message in page["messages"]] == [text]
    assert page["is_complete"] and page["messages"][0]["places"]


def test_a_group_is_made_changed_and_left(sotto):
    alice, bob, carol = sotto(3)
    group = alice.call("group_create", name="Walks", member_ids=[bob.user_id])["conversation_id"]
    bob.expect("conversation", lambda event: event["conversation_id"] == group and event["name"] == "Walks")
    alice.call("group_add", conversation_id=group, user_ids=[carol.user_id])
    carol.expect("conversation", lambda event: event["conversation_id"] == group)
    members = alice.call("members", conversation_id=group)["members"]
    assert {member["user_id"]: member["role"] for member in members} == {
        alice.user_id: "admin", bob.user_id: "member", carol.user_id: "member"}
    alice.call("send", conversation_id=group, text="to all")
    bob.expect_text("to all")
    carol.expect_text("to all")
    alice.call("group_remove", conversation_id=group, user_ids=[bob.user_id])
    bob.expect("conversation", lambda event: event["conversation_id"] == group and event["change"] == "members_removed")
    alice.call("send", conversation_id=group, text="without bob")
    carol.expect_text("without bob")
    carol.call("group_leave", conversation_id=group)
    alice.expect("conversation", lambda event: event["change"] == "members_removed" and
                 carol.user_id in event["affected_user_ids"])
    assert bob.shown(group) == ["to all"]


def test_devices_are_listed(sotto):
    [phone] = sotto()
    [laptop] = sotto(phone_number=phone.phone_number)
    devices = phone.call("devices")["devices"]
    assert {device["device_id"] for device in devices} == {phone.call("me")["device_id"], laptop.call("me")["device_id"]}
    assert [device["device_id"] for device in devices if device["is_current"]] == [phone.call("me")["device_id"]]


def test_two_devices_of_a_person_show_the_same(sotto):
    phone, bob = sotto(2)
    [laptop] = sotto(phone_number=phone.phone_number)
    sent = phone.call("send", user_id=bob.user_id, text="from the phone")
    received = bob.expect_text("from the phone")
    laptop.expect_text("from the phone")
    bob.call("send", conversation_id=received["conversation_id"], text="an answer")
    for device in (phone, laptop):
        device.expect_text("an answer")
        assert device.shown(received["conversation_id"]) == ["from the phone", "an answer"]
    assert sent["local_id"]


def test_offline_messages_are_stored_and_go_out_in_order(sotto):
    alice, bob = sotto(2)
    alice.call("send", user_id=bob.user_id, text="first")
    conversation = bob.expect_text("first")["conversation_id"]
    alice.call("disconnect")
    texts = [f"offline {number}" for number in range(20)]
    for text in texts:
        alice.call("send", conversation_id=conversation, text=text)
    alice.kill()
    alice.start()
    alice.call("connect")
    bob.expect_text(texts[-1])
    assert bob.shown(conversation) == ["first"] + texts


def test_missed_messages_come_at_the_next_start(sotto):
    alice, bob = sotto(2)
    alice.call("send", user_id=bob.user_id, text="first")
    conversation = bob.expect_text("first")["conversation_id"]
    bob.kill()
    for number in range(30):
        alice.call("send", user_id=bob.user_id, text=str(number))
    bob.start()
    bob.call("connect")
    bob.expect_text("29")
    assert bob.shown(conversation) == ["first"] + [str(number) for number in range(30)]


def test_the_end_of_input_ends_the_program_cleanly(sotto):
    alice, bob = sotto(2)
    alice.call("send", user_id=bob.user_id, text="last words")
    bob.expect_text("last words")
    assert alice.end_input() == 0


def test_shutdown_answers_and_ends(sotto):
    [alice] = sotto()
    alice.call("shutdown")
    assert alice.wait() == 0


def test_no_server_is_no_reason_not_to_start(tmp_path):
    client = RpcClient("http://127.0.0.1:9", tmp_path / "x")
    refused(client, "login", "network_unreachable",
            phone_number=fresh_phone_number(), otp=DEV_CODE)
    client.end_input()


@pytest.mark.parametrize("method,params", [
    ("send", {}), ("send", {"text": "x"}), ("send", {"user_id": "1"}), ("send", {"user_id": "x", "text": "x"}),
    ("send", {"user_id": "1", "conversation_id": "2", "text": "x"}), ("send", {"user_id": "1", "text": 5}),
    ("messages", {}), ("messages", {"conversation_id": -1}), ("messages", {"conversation_id": "1", "limit": 0}),
    ("messages", {"conversation_id": "1", "limit": 10**9}), ("mark_read", {}), ("search", {}), ("group_create", {"name": "x"}),
    ("group_create", {"name": "x", "member_ids": "1"}), ("group_add", {"conversation_id": "1"}), ("members", {}),
    ("login", {}), ("login", {"phone_number": "+999123456789"}), ("find_user", {}), ("safety_number", {}),
])
def test_bad_parameters_are_named(sotto, method, params):
    [alice] = sotto()
    refused(alice, method, code=-32602, **params)


def test_what_does_not_exist_is_not_found(sotto):
    [alice] = sotto()
    refused(alice, "group_add", "not_found", conversation_id=UNKNOWN, user_ids=[alice.user_id])
    refused(alice, "members", "not_found", conversation_id=UNKNOWN)
    refused(alice, "dance", code=-32601)


@pytest.mark.parametrize("line,code", [
    ("nonsense", -32700), ("", None), ("[]", -32600), ("5", -32600), ("null", -32600), ('{"jsonrpc":"2.0"', -32700),
    ('{"id":1,"method":"me"}', -32600), ('{"jsonrpc":"1.0","id":1,"method":"me"}', -32600),
    ('{"jsonrpc":"2.0","id":1}', -32600), ('{"jsonrpc":"2.0","id":{},"method":"me"}', -32600),
    ('{"jsonrpc":"2.0","id":1,"method":5}', -32600), ('{"jsonrpc":"2.0","id":1,"method":"me","params":[]}', -32602),
    ("[" * 100_000, -32700), ('{"a":' * 1000, -32700), ("x" * 3_000_000, None), (b"\xff\xfe\xfd", -32700), (b"\x00", -32700),
], ids=range(17))
def test_bad_lines_are_answered_and_the_next_one_works(sotto, line, code):
    [alice] = sotto()
    alice.write_line(line)
    assert alice.call("me")["user_id"] == alice.user_id
    if code is not None:
        answers = list(alice._answers.values())
        assert [answer["error"]["code"] for answer in answers] == [code], answers


def test_typing_is_an_event(sotto, people):
    [alice] = sotto()
    bob = people.online(1)[0]
    conversation = bob.say("hello", to=alice)["conversation_id"]
    alice.expect_text("hello")
    bob.send("typing", conversation_id=conversation)
    event = alice.expect("typing")
    assert event["conversation_id"] == conversation and event["user_id"] == bob.user_id


def test_a_group_message_is_delivered_and_read_once_all_have(sotto):
    alice, bob, carol = sotto(3)
    group = alice.call("group_create", name="All", member_ids=[bob.user_id, carol.user_id])["conversation_id"]
    sent = alice.call("send", conversation_id=group, text="hello all")
    seen = [each.expect_text("hello all") for each in (bob, carol)]
    alice.wait_until_status(sent["local_id"], "delivered")
    bob.call("mark_read", conversation_id=group, message_id=seen[0]["message_id"])
    carol.call("mark_read", conversation_id=group, message_id=seen[1]["message_id"])
    alice.wait_until_status(sent["local_id"], "read")


def test_what_the_sdk_sends_a_stock_client_can_read(sotto, people):
    [alice] = sotto()
    bob = people.online(1)[0]
    alice.call("send", user_id=bob.user_id, text="from the SDK")
    frame = bob.expect("message", content="from the SDK")
    bob.send("read", conversation_id=frame["conversation_id"], up_to_message_id=frame["message_id"])
    alice.expect("status", lambda event: event["message_id"] == frame["message_id"] and event["status"] == "read")
    bob.say("from a stock client", to=alice)
    alice.expect_text("from a stock client")
