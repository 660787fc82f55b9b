"""Every address carries a gate, and no session without its second factor gets an answer."""

import re

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from security.access.gate import Gate

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
# Opened before anybody is known; each is there for a reason.
PUBLIC = {
    "consent:public_notice": "what people are told before they tell anything (HIPAA 164.520, GDPR 13, PIPL 17)",
    "consent:receipt_key": "whoever verifies a receipt pins the key; it is public and names nobody",
    "crm:health": "the proxy asks whether the process serves",
    "crm:language": "the sign-in page can be read in either language",
    "crm:theme": "the sign-in page can be light or dark",
    "engagement:ics": "a calendar program signs in nowhere; it brings a secret and gets times alone",
    "engagement:answer": "whoever has the link of a reminder says whether the person comes",
    "engagement:incoming": "the gateway brings answers of people, signed with the shared secret",
    "engagement:opt_out": "whoever has the link of a message ends such messages, without signing in",
    "engagement:enquiry": "anybody may ask the clinic, after its notice; the answer is the same for everybody",
    "engagement:enquiry_thanks": "says that an enquiry came in, and of nobody",
    "engagement:survey": "a survey is answered by the link in a message; without one it shows nothing",
    "engagement:survey_thanks": "says that an answer came in, and of nobody",
    "security:forgotten": "a new password is asked for before signing in",
    "security:forgotten_sent": "says what happens next, the same for every name",
    "security:setup": "there is nobody yet who could sign in; needs the command's code, 404 for ever after",
    "security:sign_in": "signing in",
    "security:signed_out": "says that the session ended",
    "admin:login": "leads to the sign-in page",
}


def routes(patterns=None, prefix="", namespaces=()):
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        text = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from routes(pattern.url_patterns, text, inner)
        elif isinstance(pattern, URLPattern):
            yield text, ":".join((*namespaces, pattern.name or "")), pattern


def test_the_walk_finds_what_there_is():
    names = {name for _, name, _ in routes()}
    assert {"crm:home", "patients:patient", "security:sign_in", "admin:index"} <= names
    assert len(names) > 25


def test_every_view_carries_a_gate():
    bare = [
        text
        for text, _, pattern in routes()
        if not isinstance(getattr(pattern.callback, "gate", None), Gate)
    ]
    assert not bare


def test_only_what_is_named_here_is_public():
    public = {name for _, name, pattern in routes() if pattern.callback.gate.kind == "public"}
    assert public == set(PUBLIC)


def test_every_view_about_a_patient_is_decided_about_that_patient():
    for text, _, pattern in routes():
        if "<uuid:patient_id>" in text:
            assert pattern.callback.gate.of == "patient_id", text


def test_no_address_takes_a_text_that_could_be_a_name():
    assert not [text for text, _, _ in routes() if text.startswith("patients/") and "<str:" in text]


def half_session(clinic):
    return clinic.client("half")


def session_without_factor(clinic):
    client = Client()
    client.force_login(clinic.users["physician"], backend="security.backends.SignInBackend")
    return client


@pytest.mark.parametrize("begin", [half_session, session_without_factor])
def test_no_session_without_its_second_factor_gets_an_answer(begin, clinic):
    client, answered = begin(clinic), []
    session = client.cookies.output().replace("Set-Cookie: ", "")
    for text, name, pattern in routes():
        if pattern.callback.gate.kind == "factor":
            continue
        url = "/" + re.sub(r"<[^>]*>|\(\?P[^)]*\)|[\^$]", "x", text)
        for method in ("get", "post", "put", "delete"):
            mark = transaction.savepoint()
            client.cookies.load(session)
            response = getattr(client, method)(url, secure=True)
            transaction.savepoint_rollback(mark)
            if response.status_code == 200:
                answered.append((method, name))
    assert not answered
