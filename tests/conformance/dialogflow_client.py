"""Google's Python client against the emulated Dialogflow ES and token endpoint."""

import json
import os

import google.auth.transport.requests
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import BadRequest, NotFound
from google.auth.exceptions import RefreshError
from google.cloud import dialogflow_v2 as dialogflow
from google.oauth2 import credentials, service_account

from checks import check, expect_error, run

EMULATORS = os.environ["EMULATOR_URL"]
ACCOUNT = json.loads(os.environ["SERVICE_ACCOUNT"])
SCOPES = ["https://www.googleapis.com/auth/dialogflow"]
SESSION = "projects/edgechat-demo/agent/sessions/2f8f1c0e-6d2f-4d0e-8f55-0c5a4c1f9a11"


def account_credentials(**changes):
    return service_account.Credentials.from_service_account_info({**ACCOUNT, **changes}, scopes=SCOPES)


def sessions(given):
    # The client's endpoint has no path, so the emulators' prefix is put before the path of every request.
    client = dialogflow.SessionsClient(
        credentials=given, transport="rest", client_options=ClientOptions(api_endpoint=EMULATORS)
    )
    http = client.transport._session
    send = http.request
    http.request = lambda method, url, **rest: send(
        method, url.replace(f"{EMULATORS}/v2/", f"{EMULATORS}/dialogflow/v2/"), **rest
    )
    return client


def ask(client, text, session=SESSION):
    spoken = dialogflow.TextInput(text=text, language_code="en")
    answer = client.detect_intent(session=session, query_input=dialogflow.QueryInput(text=spoken))
    return answer.query_result


@check("google: a service account's assertion is exchanged for a token")
def token(_client):
    given = account_credentials()
    given.refresh(google.auth.transport.requests.Request())
    assert given.token.startswith("ya29.") and given.valid


@check("google: an unknown service account is refused")
def unknown_account(_client):
    given = account_credentials(client_email="other@edgechat-demo.iam.gserviceaccount.com")
    error = expect_error(RefreshError, lambda: given.refresh(google.auth.transport.requests.Request()))
    assert "account not found" in str(error)


@check("dialogflow: detect_intent with a text")
def text(client):
    result = ask(client, "hello")
    assert result.intent.display_name == "Default Welcome Intent"
    assert result.fulfillment_messages[0].text.text[0] == "Greetings! How can I assist?"
    assert result.all_required_params_present and not result.intent.is_fallback


@check("dialogflow: detect_intent with an event")
def event(client):
    given = dialogflow.EventInput(name="WELCOME", language_code="en")
    answer = client.detect_intent(session=SESSION, query_input=dialogflow.QueryInput(event=given))
    assert answer.query_result.action == "input.welcome"


@check("dialogflow: detect_intent in the long form of a session")
def long_session(client):
    name = "projects/edgechat-demo/locations/europe-west1/agent/environments/draft/users/-/sessions/s1"
    assert ask(client, "hi", name).action == "input.welcome"


@check("dialogflow: quick replies, card and payload are read")
def rich_messages(client):
    replies = ask(client, "options").fulfillment_messages[-1].quick_replies
    assert list(replies.quick_replies) == ["Opening hours", "Prices", "Transfer to agent"]
    _, card, payload = ask(client, "prices").fulfillment_messages
    assert card.card.buttons[1].postback == "tell me more"
    assert payload.payload["richContent"][0][0]["type"] == "chips"


@check("dialogflow: the handoff flag is read")
def handoff(client):
    intent = ask(client, "transfer to agent").intent
    assert intent.live_agent_handoff and intent.end_interaction
    assert not ask(client, "goodbye").intent.live_agent_handoff


@check("dialogflow: the fallback intent is read")
def fallback(client):
    result = ask(client, "qwertyuiop")
    assert result.intent.is_fallback and result.action == "input.unknown"


@check("dialogflow: 257 characters are a BadRequest")
def too_long(client):
    error = expect_error(BadRequest, lambda: ask(client, "x" * 257))
    assert "Input text exceeds 256 characters." in str(error)


@check("dialogflow: another project is NotFound")
def other_project(client):
    expect_error(NotFound, lambda: ask(client, "hi", "projects/other/agent/sessions/s1"))


@check("dialogflow: a token from the exchange is accepted, a made-up one is not")
def with_account(_client):
    # Given the account itself, this client would sign its own bearer token and never ask for one.
    given = account_credentials()
    given.refresh(google.auth.transport.requests.Request())
    assert ask(sessions(credentials.Credentials(given.token)), "hi").action == "input.welcome"
    # A 401 makes the client ask for another token, which it cannot.
    expect_error(RefreshError, lambda: ask(sessions(credentials.Credentials("ya29.made-up")), "hi"))


if __name__ == "__main__":
    run(sessions(credentials.Credentials("google-emulator")))
