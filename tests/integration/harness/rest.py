"""REST calls, and what a good answer or a good refusal has to look like.

    group = alice.rest.post("/api/groups", {"name": "Walks", "member_ids": [bob.user_id]}).ok(201)
    alice.rest.post("/api/groups", {}).refused(400)
    alice.rest.get("/api/users/1").refused(404, "not_found")
"""
import http.client
import json
import ssl

from harness import patience


class Answer:
    def __init__(self, request, status, headers, body):
        self.request = request
        self.status = status
        self.headers = headers
        self.body = body

    def __repr__(self):
        return f"{self.request} -> {self.status} {self.body[:2000]!r}"

    @property
    def json(self):
        return json.loads(self.body)

    def ok(self, status=200):
        """The JSON body of an answer with this status."""
        assert self.status == status, f"expected {status}: {self!r}"
        if status == 204:
            assert self.body == b"", f"204 has no body: {self!r}"
            return None
        assert self.headers.get("content-type", "").split(";")[0] == "application/json", f"{self.headers}: {self!r}"
        return self.json

    def refused(self, status, code=None):
        """The problem document (RFC 9457) of a refusal with this status (or one of several) and code."""
        statuses = status if isinstance(status, tuple) else (status,)
        assert self.status in statuses, f"expected {status}: {self!r}"
        kind = self.headers.get("content-type", "").split(";")[0]
        assert kind == "application/problem+json", f"content type {kind!r}: {self!r}"
        problem = self.json
        for member in ("type", "title", "status", "detail", "code"):
            assert member in problem, f"{member} is missing: {self!r}"
        assert problem["status"] == self.status, repr(self)
        assert isinstance(problem["detail"], str) and isinstance(problem["title"], str) and problem["title"], repr(self)
        assert problem["code"] and problem["code"] == problem["code"].lower() and " " not in problem["code"], repr(self)
        if code is not None:
            codes = code if isinstance(code, tuple) else (code,)
            assert problem["code"] in codes, f"expected code {code}: {self!r}"
        return problem


class Rest:
    def __init__(self, server, token=None, tls=None):
        self.server = server
        self.token = token
        self.tls = tls

    def call(self, method, path, body=None, *, headers=None, raw=None):
        """`body` is sent as JSON; `raw` as it is."""
        sent = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        if raw is None and body is not None:
            raw = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        if self.server.scheme == "https":
            connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, timeout=patience.ANSWER,
                                                     context=self.tls or ssl.create_default_context())
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=patience.ANSWER)
        try:
            connection.request(method, path, body=raw, headers=sent)
            response = connection.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            return Answer(f"{method} {path}", response.status, received, response.read())
        finally:
            connection.close()

    def get(self, path, **how):
        return self.call("GET", path, **how)

    def post(self, path, body=None, **how):
        return self.call("POST", path, body, **how)

    def put(self, path, body=None, **how):
        return self.call("PUT", path, body, **how)

    def patch(self, path, body=None, **how):
        return self.call("PATCH", path, body, **how)

    def delete(self, path, **how):
        return self.call("DELETE", path, **how)
