"""People for a test: accounts with fresh phone numbers, their devices, their connections.

    alice, bob = people.online(2)             # connections that have synced
    device = people.sign_in()                 # logged in, not connected
    phone2 = device.another()                 # the same person on a second device
"""
import secrets

from harness import frames
from harness.connection import Connection
from harness.rest import Rest

# What `--dev` accepts for any phone number.
DEV_CODE = "000000"


def fresh_phone_number():
    # +999 is not assigned to any country; E.164 allows 15 digits in all.
    return "+999" + str(10**10 + secrets.randbelow(10**10))


class Device:
    """A login: tokens, ids and REST as this device."""

    def __init__(self, people, phone_number, answer):
        self.people = people
        self.phone_number = phone_number
        self.server = people.server
        self.user_id = answer["user_id"]
        self.device_id = answer["device_id"]
        self.take_tokens(answer)

    def take_tokens(self, answer):
        self.access_token = answer["access_token"]
        self.refresh_token = answer["refresh_token"]
        self.rest = Rest(self.server, self.access_token, tls=self.people.tls)

    def connect(self, form=frames.JSON, **how):
        connection = Connection(self, form, tls=self.people.tls, **how)
        self.people.connections.append(connection)
        connection.expect("hello")
        return connection

    def online(self, cursor="0", form=frames.JSON):
        connection = self.connect(form)
        connection.sync(cursor)
        return connection

    def another(self, **fields):
        """The same person signs in on another device."""
        return self.people.sign_in(self.phone_number, **fields)

    def group_with(self, others, name="A group"):
        answer = self.rest.post("/api/groups", {"name": name, "member_ids": [other.user_id for other in others]})
        return answer.ok(201)["conversation_id"]

    def direct_with(self, other):
        return self.rest.put(f"/api/conversations/direct/{other.user_id}").ok()["conversation_id"]

    def history(self, conversation, query=""):
        return self.rest.get(f"/api/conversations/{conversation}/messages{query}").ok()

    def whole_history(self, conversation):
        """All messages of a conversation, oldest first, page by page."""
        messages, cursor = [], "0"
        while True:
            page = self.history(conversation, f"?after_id={cursor}&limit=100")
            messages += page["messages"]
            if not page["has_more"]:
                return messages
            cursor = page["messages"][-1]["message_id"]

    def inbox(self, query=""):
        return self.rest.get(f"/api/conversations{query}").ok()["conversations"]

    def inbox_entry(self, conversation):
        entries = [entry for entry in self.inbox("?limit=100") if entry["conversation_id"] == str(conversation)]
        assert len(entries) == 1, entries
        return entries[0]

    def receipts(self, conversation, message):
        answer = self.rest.get(f"/api/conversations/{conversation}/messages/{message}/receipts").ok()
        return {item["user_id"]: item["status"] for item in answer["receipts"]}


class People:
    def __init__(self, server, tls=None):
        self.server = server
        self.tls = tls
        self.connections = []

    def anonymous(self):
        return Rest(self.server, tls=self.tls)

    def sign_in(self, phone_number=None, otp=DEV_CODE, **fields):
        phone_number = phone_number or fresh_phone_number()
        rest = self.anonymous()
        rest.post("/api/auth/otp", {"phone_number": phone_number}).ok(204)
        answer = rest.post("/api/auth/login", {"phone_number": phone_number, "otp": otp, **fields}).ok()
        return Device(self, phone_number, answer)

    def devices(self, count):
        return [self.sign_in() for _ in range(count)]

    def online(self, count, form=frames.JSON):
        return [self.sign_in().online(form=form) for _ in range(count)]

    def finish(self):
        """Ends all connections; a violation on any of them is an error."""
        for connection in self.connections:
            connection.leave()
        for connection in self.connections:
            connection.checker.check()
        self.connections = []
