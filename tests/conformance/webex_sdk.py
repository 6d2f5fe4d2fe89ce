"""Cisco's Python SDK against the emulated Webex."""

import hashlib
import hmac
import http.server
import json
import os
import queue
import tempfile
import threading
import time
import warnings

import requests
from webexpythonsdk import ApiError, WebexAPI

from checks import check, expect_error, run

EMULATORS = os.environ["EMULATOR_URL"]
CARD = {
    "contentType": "application/vnd.microsoft.card.adaptive",
    "content": {
        "type": "AdaptiveCard",
        "version": "1.3",
        "body": [{"type": "TextBlock", "text": "Take over?"}],
        "actions": [{"type": "Action.Submit", "title": "Take over"}],
    },
}


def client(token):
    return WebexAPI(access_token=token, base_url=f"{EMULATORS}/webex/v1/")


@check("webex: people.me, people.get and people.list")
def people(api):
    me = api.people.me()
    assert me.emails == ["live-chat@example.com"] and me.type == "person"
    assert api.people.get(me.id).displayName == "Live Chat"
    assert [one.displayName for one in api.people.list(email="anna@example.com")] == ["Anna Nowak"]
    assert client("bot-live-chat").people.me().type == "bot"


@check("webex: rooms.create, get, update, list in pages, delete")
def rooms(api):
    made = [api.rooms.create(f"Room {number}") for number in range(5)]
    assert api.rooms.get(made[0].id).title == "Room 0"
    assert api.rooms.update(made[0].id, title="New title").title == "New title"
    assert {room.id for room in api.rooms.list(max=2)} >= {room.id for room in made}
    for room in made:
        api.rooms.delete(room.id)
    assert expect_error(ApiError, lambda: api.rooms.get(made[0].id)).response.status_code == 404


@check("webex: memberships.create, 409 on the second, list, update, delete")
def memberships(api):
    room = api.rooms.create("Members")
    anna = api.memberships.create(room.id, personEmail="anna@example.com")
    again = expect_error(ApiError, lambda: api.memberships.create(room.id, personEmail="anna@example.com"))
    assert again.response.status_code == 409
    assert len(list(api.memberships.list(roomId=room.id, max=1))) == 2
    assert api.memberships.update(anna.id, isModerator=True).isModerator
    api.memberships.delete(anna.id)
    assert len(list(api.memberships.list(roomId=room.id))) == 1


@check("webex: messages.create as text and markdown, list in pages, get, update, delete")
def messages(api):
    room = api.rooms.create("Messages")
    plain = api.messages.create(room.id, text="one")
    rich = api.messages.create(room.id, markdown="**two**")
    assert rich.html == "<p><strong>two</strong></p>" and rich.text == "two"
    reply = api.messages.create(room.id, text="three", parentId=plain.id)
    assert [one.text for one in api.messages.list(room.id, max=2)] == ["three", "two", "one"]
    earlier = api.messages.list(room.id, beforeMessage=reply.id, max=1)
    assert [one.text for one in earlier] == ["two", "one"]
    api.messages.update(messageId=plain.id, roomId=room.id, text="edited")
    assert api.messages.get(plain.id).text == "edited"
    api.messages.delete(plain.id)
    assert expect_error(ApiError, lambda: api.messages.get(plain.id)).response.status_code == 404


@check("webex: messages.create with a local file, the file read back")
def files(api):
    room = api.rooms.create("Files")
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write("zażółć".encode())
        file.flush()
        message = api.messages.create(room.id, text="a file", files=[file.name])
    headers = {"Authorization": f"Bearer {api.access_token}"}
    content = requests.get(message.files[0], headers=headers, timeout=5)
    assert content.content.decode() == "zażółć"
    assert "attachment; filename=" in content.headers["Content-Disposition"]


@check("webex: messages.create with a card, attachment_actions.create and get")
def cards(api):
    room = api.rooms.create("Cards")
    api.memberships.create(room.id, personEmail="anna@example.com")
    message = api.messages.create(room.id, text="fallback", attachments=[CARD])
    anna = client("agent-anna")
    action = anna.attachment_actions.create(type="submit", messageId=message.id, inputs={"take": "yes"})
    assert api.attachment_actions.get(action.id).inputs == {"take": "yes"}


@check("webex: webhooks.create, list, get, update, delete and a signed delivery")
def webhooks(api):
    room = api.rooms.create("Webhooks")
    deliveries = queue.Queue()

    class Target(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            deliveries.put((self.headers["X-Spark-Signature"], raw))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Target)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        hook = api.webhooks.create(
            name="messages",
            targetUrl=f"http://127.0.0.1:{server.server_port}/",
            resource="messages",
            event="created",
            filter=f"roomId={room.id}",
            secret="sesame",
        )
        assert [one.id for one in api.webhooks.list(max=1)] == [hook.id]
        assert api.webhooks.get(hook.id).status == "active"
        assert api.webhooks.update(hook.id, name="renamed", targetUrl=hook.targetUrl).name == "renamed"
        message = api.messages.create(room.id, text="hello")
        signature, raw = deliveries.get(timeout=5)
        assert signature == hmac.new(b"sesame", raw, hashlib.sha1).hexdigest()
        assert json.loads(raw)["data"]["id"] == message.id
        api.webhooks.delete(hook.id)
        assert list(api.webhooks.list()) == []
    finally:
        server.shutdown()
        server.server_close()


@check("webex: access_tokens.refresh gives a token that works")
def refresh(api):
    token = api.access_tokens.refresh(
        client_id="C0ffee-live-chat",
        client_secret="emulator-client-secret",
        refresh_token="refresh-integration-live-chat",
    )
    assert token.expires_in == 1209599 and token.refresh_token.startswith("refresh-integration-live-chat.")
    assert client(token.access_token).people.me().id == api.people.me().id


@check("webex: a 429 is waited for and repeated")
def rate_limit(api):
    fault = {"route": "GET /webex/v1/people/me", "status": 429, "headers": {"Retry-After": "1"}}
    requests.post(f"{EMULATORS}/control/faults", json=fault, timeout=5).raise_for_status()
    started = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert api.people.me().displayName == "Live Chat"
    assert time.monotonic() - started >= 1


if __name__ == "__main__":
    run(client("integration-live-chat"))
