"""History pages in both directions (protocol.md, `GET /api/conversations/{id}/messages`), on both sides of the threshold."""
import pytest

from harness.people import People

THRESHOLD = 3
SERVER_OPTIONS = {"write_fanout_max_members": THRESHOLD}
COUNT = 130


@pytest.fixture(scope="module", params=["direct", "write fan-out", "read fan-out"])
def talk(request, server):
    """A conversation of COUNT messages: the reader, its id, the ids of the messages."""
    people = People(server)
    alice, bob = people.online(2)
    if request.param == "direct":
        conversation = alice.device.direct_with(bob)
    else:
        crowd = people.devices(0 if request.param == "write fan-out" else THRESHOLD)
        conversation = alice.device.group_with([bob] + crowd)
    keys = [alice.post(str(number), conversation=conversation) for number in range(COUNT)]
    ids = [alice.answer(key)["message_id"] for key in keys]
    people.finish()
    return bob.device, conversation, ids


def ids_of(page):
    return [message["message_id"] for message in page["messages"]]


def test_the_newest_fifty_come_first(talk):
    reader, conversation, ids = talk
    page = reader.history(conversation)
    assert ids_of(page) == ids[:-51:-1] and page["has_more"] is True


def test_a_message_of_history_has_what_the_frame_had(talk):
    reader, conversation, ids = talk
    message = reader.history(conversation, "?limit=1")["messages"][0]
    assert message["message_id"] == ids[-1] and message["conversation_id"] == conversation
    assert message["content"] == str(COUNT - 1) and message["status"] == "sent"
    assert message["sender_id"].isdigit() and message["sender_device_id"].isdigit() and len(message["idempotency_key"]) == 36
    assert isinstance(message["created_at"], str) and message["created_at"].isdigit()


def test_pages_backwards_join_without_hole_or_repeat(talk):
    reader, conversation, ids = talk
    seen, query = [], "?limit=40"
    while True:
        page = reader.history(conversation, query)
        seen += ids_of(page)
        if not page["has_more"]:
            break
        query = f"?limit=40&before_id={seen[-1]}"
    assert seen == ids[::-1]


def test_pages_forwards_join_without_hole_or_repeat(talk):
    reader, conversation, ids = talk
    seen, query = [], "?limit=40&after_id=0"
    while True:
        page = reader.history(conversation, query)
        seen += ids_of(page)
        if not page["has_more"]:
            break
        query = f"?limit=40&after_id={seen[-1]}"
    assert seen == ids


def test_the_bounds_are_not_part_of_a_page(talk):
    reader, conversation, ids = talk
    assert ids_of(reader.history(conversation, f"?before_id={ids[2]}")) == [ids[1], ids[0]]
    assert ids_of(reader.history(conversation, f"?after_id={ids[-3]}")) == ids[-2:]
    assert ids_of(reader.history(conversation, f"?before_id={ids[0]}")) == []
    assert ids_of(reader.history(conversation, f"?after_id={ids[-1]}")) == []
    assert reader.history(conversation, f"?before_id={ids[0]}")["has_more"] is False


def test_has_more_is_exact_at_the_edge(talk):
    reader, conversation, ids = talk
    assert reader.history(conversation, f"?before_id={ids[10]}&limit=10")["has_more"] is False
    assert reader.history(conversation, f"?before_id={ids[11]}&limit=10")["has_more"] is True
    assert reader.history(conversation, f"?after_id={ids[-11]}&limit=10")["has_more"] is False
    assert reader.history(conversation, f"?after_id={ids[-12]}&limit=10")["has_more"] is True


def test_both_bounds_give_what_lies_between(talk):
    reader, conversation, ids = talk
    answer = reader.rest.get(f"/api/conversations/{conversation}/messages?after_id={ids[3]}&before_id={ids[7]}").ok()
    assert ids_of(answer) == ids[4:7], "with after_id a page is oldest first"


def test_a_page_holds_at_most_a_hundred(talk):
    reader, conversation, ids = talk
    assert len(ids_of(reader.history(conversation, "?limit=100"))) == 100
    reader.rest.get(f"/api/conversations/{conversation}/messages?limit=101").refused(400, "bad_request")


@pytest.mark.parametrize("query", ["limit=-1", "limit=abc", "limit=1.5", "before_id=abc", "after_id=-1", "before_id=1e5",
                                   "before_id=18446744073709551616", "after_id=%27%3B--", "limit=99999999999999999999",
                                   "before_id=" + "1" * 1000, "before_id=%F0%28%8C%28"])
def test_a_bad_page_is_refused(talk, query):
    reader, conversation, ids = talk
    reader.rest.get(f"/api/conversations/{conversation}/messages?{query}").refused(400, "bad_request")


def test_unknown_parameters_are_ignored(talk):
    reader, conversation, ids = talk
    assert ids_of(reader.history(conversation, "?limit=1&colour=red&=&&x")) == [ids[-1]]


def test_an_unknown_conversation_is_not_found(talk):
    reader, conversation, ids = talk
    reader.rest.get("/api/conversations/99/messages").refused(404, "not_found")
    reader.rest.get("/api/conversations/abc/messages").refused(400, "bad_request")
    reader.rest.get("/api/conversations/18446744073709551616/messages").refused(400, "bad_request")
