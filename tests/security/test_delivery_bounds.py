"""Mail servers and gateways that hang, drip, refuse, lie or send on: bounded waits, no bypass, no loss, visible."""

import logging
from time import monotonic

import pytest
from django.core import mail

from security import tasks
from security.delivery import channels, sms, wechat
from security.delivery.channels import EmailChannel, Letter, NotDelivered
from security.models import OutboxMessage
from tests.security import servers
from tests.security.people import staff
from tests.security.test_delivery import queued

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
State = OutboxMessage.State
LETTER = Letter("canary.bird@example.org", "A title", "A canary text", key="0190-key")
SMS = Letter("+8613800138000", "A title", "A canary text", key="0190-key")
SECRET = "canary-secret-of-the-gateway"


@pytest.fixture(autouse=True)
def short(settings, monkeypatch):
    settings.DELIVERY_SECONDS = (0.2, 0.15, 0.3)
    settings.DELIVERY_CHANNELS = {
        "email": "security.delivery.channels.EmailChannel",
        "sms": "security.delivery.sms.SmsChannel",
    }
    settings.EMAIL_BACKEND = "security.delivery.smtp.BoundedBackend"
    settings.EMAIL_HOST, settings.SMS_TOKEN, settings.SMS_SENDER = "127.0.0.1", SECRET, "Clinic"
    settings.WECHAT_APP_ID, settings.WECHAT_SECRET, settings.WECHAT_TEMPLATE = "app", SECRET, "T1"
    settings.WECOM_CORP_ID, settings.WECOM_SECRET, settings.WECOM_AGENT_ID = "corp", SECRET, 7


def text_of(error):
    return f"{error.value!r} {error.value} {error.value.__cause__!r} {error.value.why}"


@pytest.mark.parametrize(
    ("talk", "why"),
    [
        (servers.hang, "timeout"),
        (servers.drip, "timeout"),
        (servers.refuse, "SMTPConnectError"),
        (servers.rubbish, "SMTPConnectError"),
        (None, "ConnectionRefusedError"),
    ],
)
def test_a_mail_server_that_misbehaves_costs_a_bounded_wait_and_no_message(talk, why, settings):
    row = queued(staff("nurse"))
    with servers.serving(talk or servers.hang) as port:
        settings.EMAIL_PORT = port if talk else 1
        begun = monotonic()
        assert tasks.drain() == 1
        assert monotonic() - begun < 5
    row.refresh_from_db()
    assert (row.state, row.failure) == (State.WAITING, why)
    assert row.text == "A canary text"


def test_a_mail_is_taken_once_though_the_server_hangs_at_the_goodbye(settings):
    box = servers.Mailbox(hangs_at=b"QUIT")
    with servers.serving(box) as port:
        settings.EMAIL_PORT = port
        EmailChannel().send(LETTER)
    (taken,) = box.taken
    assert b"Message-ID: <0190-key@" in taken
    assert mail.get_connection().__class__.__name__ == "BoundedBackend"


@pytest.mark.parametrize(("answer", "is_final"), [(b"550 nobody", True), (b"450 later", False)])
def test_an_address_that_the_server_refuses_is_told_from_a_full_one(answer, is_final, settings):
    with servers.serving(servers.Mailbox(recipient=answer)) as port:
        settings.EMAIL_PORT = port
        with pytest.raises(NotDelivered) as refusal:
            EmailChannel().send(LETTER)
    assert (refusal.value.why, refusal.value.is_final) == ("recipient", is_final)
    assert "canary" not in text_of(refusal)


@pytest.mark.parametrize("kind", ["unknown authority", "other name", "over"])
def test_a_bad_certificate_stops_mail_and_gateway(kind, settings, tmp_path):
    name = "elsewhere" if kind == "other name" else "localhost"
    path = servers.certificate(tmp_path, name=name, is_over=kind == "over")
    # Trusting the authority itself mends the first reason alone.
    settings.GATEWAY_ROOTS = "" if kind == "unknown authority" else str(path)
    gateway = servers.Gateway({"status": "accepted"}, context=servers.secured(path))
    with servers.serving(gateway) as port:
        settings.SMS_URL = f"https://localhost:{port}/messages"
        with pytest.raises(NotDelivered, match="certificate"):
            sms.SmsChannel().send(SMS)
        settings.EMAIL_PORT, settings.EMAIL_HOST, settings.EMAIL_USE_SSL = port, "localhost", True
        row = queued(staff("nurse"))
        tasks.drain()
    row.refresh_from_db()
    assert (row.state, row.failure) == (State.WAITING, "certificate")
    assert gateway.asked == []


def test_a_gateway_of_a_known_authority_is_told_number_text_and_key(settings, tmp_path):
    path = servers.certificate(tmp_path)
    settings.GATEWAY_ROOTS = str(path)
    gateway = servers.Gateway({"status": "accepted"}, context=servers.secured(path))
    with servers.serving(gateway) as port:
        settings.SMS_URL = f"https://localhost:{port}/messages"
        sms.SmsChannel().send(SMS)
    ((first, headers, body),) = gateway.asked
    assert first == "POST /messages HTTP/1.1"
    assert (headers["authorization"], headers["idempotency-key"]) == (f"Bearer {SECRET}", SMS.key)
    assert body == {"id": SMS.key, "to": SMS.address, "from": "Clinic", "text": SMS.text}


@pytest.mark.parametrize(
    ("talk", "why", "is_final"),
    [
        (servers.hang, "timeout", False),
        (servers.drip, "timeout", False),
        (servers.rubbish, "answer", False),
        (servers.Gateway(b"not json"), "answer", False),
        (servers.Gateway([1]), "answer", False),
        (servers.Gateway({"status": "perhaps"}), "answer", False),
        (servers.Gateway(b" " * 70_000), "answer", False),
        (servers.Gateway({"status": "accepted"}, status=302), "redirect", False),
        (servers.Gateway({}, status=401), "answer 401", False),
        (servers.Gateway({}, status=503), "answer 503", False),
        (servers.Gateway({}, status=422), "refused", True),
        (servers.Gateway({"status": "rejected"}), "recipient", True),
    ],
)
def test_a_gateway_that_misbehaves_is_named_by_one_word(talk, why, is_final, settings, caplog):
    caplog.set_level(logging.DEBUG)
    with servers.serving(talk) as port:
        settings.SMS_URL = f"http://127.0.0.1:{port}/"
        begun = monotonic()
        with pytest.raises(NotDelivered) as refusal:
            sms.SmsChannel().send(SMS)
        assert monotonic() - begun < 5
    assert (refusal.value.why, refusal.value.is_final) == (why, is_final)
    assert not {"canary", "13800138000"} & set(text_of(refusal).split())
    assert SECRET not in caplog.text + text_of(refusal)


def test_a_gateway_without_tls_is_asked_on_this_machine_only(settings):
    settings.SMS_URL = "http://gateway.example/"
    with pytest.raises(NotDelivered, match="address"):
        sms.SmsChannel().send(SMS)


def test_one_way_out_that_hangs_holds_up_no_other(settings):
    nurse = staff("nurse")
    for _turn in range(4):
        queued(nurse)
    gateway = servers.Gateway({"status": "accepted"})
    with servers.serving(servers.hang) as port, servers.serving(gateway) as other:
        settings.EMAIL_PORT, settings.SMS_URL = port, f"http://127.0.0.1:{other}/"
        queued(nurse, channel="sms", address="+8613800138000")
        assert tasks.drain() == 3
    states = OutboxMessage.objects.order_by("created_at").values_list("state", "attempts")
    assert list(states) == [
        ("waiting", 1), ("waiting", 1), ("waiting", 0), ("waiting", 0), ("sent", 1),
    ]  # fmt: skip


# --- WeChat and WeCom, by the shapes that they document ---------------------------------------

TOKEN = {"access_token": "token-1", "expires_in": 7200}
FINE = {"errcode": 0, "errmsg": "ok", "msgid": 200228332}


def test_wechat_is_told_fixed_words_and_a_link_and_the_token_is_fetched_once(settings):
    gateway = servers.Gateway(TOKEN, FINE)
    letter = Letter("openid-1", "A title", "A canary text", link="https://c.example/l", key="k1")
    with servers.serving(gateway) as port:
        settings.WECHAT_URL = f"http://127.0.0.1:{port}"
        channel = wechat.WeChatChannel()
        channel.send(letter)
        channel.send(letter)
    first, second, third = gateway.asked
    assert first[0] == "POST /cgi-bin/stable_token HTTP/1.1"
    assert first[2] == {"grant_type": "client_credential", "appid": "app", "secret": SECRET}
    assert second[0] == "POST /cgi-bin/message/template/send?access_token=token-1 HTTP/1.1"
    assert third[0] == second[0]
    assert second[2]["touser"] == "openid-1"
    assert second[2]["client_msg_id"] == "k1"
    assert second[2]["url"] == "https://c.example/l"
    assert "canary" not in str(second[2])
    assert "title" not in str(second[2])


def test_wecom_is_told_fixed_words_and_asked_to_drop_repeats(settings):
    gateway = servers.Gateway({"errcode": 0, **TOKEN}, FINE, {"errcode": 0, "invaliduser": "mia"})
    with servers.serving(gateway) as port:
        settings.WECOM_URL = f"http://127.0.0.1:{port}"
        channel = wechat.WeComChannel()
        channel.send(Letter("mia", "A title", "A canary text", key="k1"))
        with pytest.raises(NotDelivered, match="recipient"):
            channel.send(Letter("mia", "A title", "A canary text", key="k2"))
    (first, sent, _last) = gateway.asked
    assert first[0].startswith(f"GET /cgi-bin/gettoken?corpid=corp&corpsecret={SECRET} ")
    assert sent[2]["msgtype"] == "textcard"
    assert (sent[2]["agentid"], sent[2]["enable_duplicate_check"]) == (7, 1)
    assert "canary" not in str(sent[2])


@pytest.mark.parametrize(
    ("answers", "why", "is_final"),
    [
        ([TOKEN, {"errcode": 40001}, TOKEN, FINE], None, False),
        ([TOKEN, {"errcode": 40001}, TOKEN, {"errcode": 40001}], "code 40001", False),
        ([TOKEN, {"errcode": 43004}], "recipient", True),
        ([TOKEN, {"errcode": 45009}], "code 45009", False),
        ([TOKEN, {"errcode": "0"}], "answer", False),
        ([{"errcode": 40125, "errmsg": "invalid appsecret"}], "token", False),
    ],
)
def test_wechat_answers_are_understood(answers, why, is_final, settings):
    with servers.serving(servers.Gateway(*answers)) as port:
        settings.WECHAT_URL = f"http://127.0.0.1:{port}"
        if why is None:
            wechat.WeChatChannel().send(Letter("openid-1", "A title", "Text"))
            return
        with pytest.raises(NotDelivered) as refusal:
            wechat.WeChatChannel().send(Letter("openid-1", "A title", "Text"))
    assert (refusal.value.why, refusal.value.is_final) == (why, is_final)


def test_a_letter_for_the_post_is_left_to_people(settings):
    settings.DELIVERY_CHANNELS = {"letter": "security.delivery.channels.PaperChannel"}
    channels._made.cache_clear()
    row = queued(staff("nurse"), channel="letter", address="1 Long Street\nShanghai")
    assert tasks.drain() == 0
    row.refresh_from_db()
    assert row.state == State.WAITING
