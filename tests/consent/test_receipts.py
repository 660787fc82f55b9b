"""Receipts: verified offline with the pinned key alone; every forgery is found and named."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent import keys, printing, verifier
from consent.queries import receipts as queries
from consent.services import consents, receipts
from consent.services.acts import NotTaken
from tests.consent import asking
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture
def key(settings, tmp_path):
    settings.RECEIPT_KEY = tmp_path / "receipts" / "key.json"
    settings.RECEIPT_PUBLIC_KEY = tmp_path / "receipts" / "public.key"
    keys.create(settings.RECEIPT_KEY, settings.RECEIPT_PUBLIC_KEY)
    return keys.read()


@pytest.fixture
def event(key):
    mia = cast.patient(names=[{"text": "王芳"}])
    words = asking.words(language="zh-hans")
    return asking.grant(mia, words, by=cast.staff("receptionist")).event


def test_a_receipt_is_good_for_whoever_pinned_the_published_key(
    event, key, settings, tmp_path, capsys
):
    text = receipts.hand_out(event=event, as_file=True, by=cast.staff("receptionist")).decode()
    pinned = verifier.Key.read(settings.RECEIPT_PUBLIC_KEY.read_text())
    facts = verifier.check(text, pinned)
    assert (facts["said"], facts["name"], facts["words"]) == ("granted", "王芳", event.text_sha256)
    file = tmp_path / "receipt.json"
    file.write_text(text)
    assert verifier.main([str(file), "--key", str(settings.RECEIPT_PUBLIC_KEY)]) == 0
    assert "said: granted" in capsys.readouterr().out
    assert len(cast.events("consent.receipt.taken")) == 1


def test_words_that_were_changed_past_the_trigger_are_neither_agreed_to_nor_signed(
    event, monkeypatch
):
    desk, words = cast.staff("receptionist"), event.words
    words.title = "Anything you like"
    with pytest.raises(receipts.NoReceipt, match="not those that were agreed to"):
        receipts.hand_out(event=event, as_file=True, by=desk)
    monkeypatch.setattr(consents.spelled, "digest", lambda row: verifier.digest({"of": "others"}))
    with pytest.raises(NotTaken, match="not those that were published"):
        asking.grant(cast.patient(given="Ida"), words, by=desk)


def test_the_code_on_paper_holds_all_that_is_needed_to_verify(event, key):
    signed = queries.signed(event, key)
    text = json.dumps(signed, **verifier.SPELLING)
    assert verifier.check(text, key.public)["id"] == str(event.pk)
    # What a QR code of medium correction holds.
    assert len(text.encode()) < 1500


def forged(text, change):
    content = json.loads(text)
    change(content)
    return json.dumps(content)


def _other_facts(content):
    facts = json.loads(content["body"])
    content["body"] = json.dumps(facts | {"said": "declined"}, **verifier.SPELLING)


def _other_words(content):
    content["words"]["elements"]["purpose"] = "Something else."


def _no_words_at_all(content):
    content["words"] = "none"


def _signed_by_another(content):
    other = Ed25519PrivateKey.generate().sign(verifier.signed_text(content["body"]))
    content["signature"] = base64.b64encode(other).decode()


def _other_key(content):
    content["key"] = "0" * 16


def _respelled(content):
    content["body"] += " "


FORGERIES = {
    _other_facts: verifier.Fault.SIGNATURE,
    _other_words: verifier.Fault.WORDS,
    _no_words_at_all: verifier.Fault.WORDS,
    _signed_by_another: verifier.Fault.SIGNATURE,
    _other_key: verifier.Fault.OTHER_KEY,
    _respelled: verifier.Fault.SIGNATURE,
    lambda content: content.pop("signature"): verifier.Fault.FORM,
    lambda content: content.update(signature="x"): verifier.Fault.FORM,
    lambda content: content.update(signature=base64.b64encode(b"x").decode()): verifier.Fault.FORM,
    lambda content: content.update(kind="custodia consent receipt 2"): verifier.Fault.FORM,
    lambda content: content.update(body=7): verifier.Fault.FORM,
}


def test_every_forgery_is_found_and_named(event, key):
    text = queries.as_json(event, key)
    for change, fault in FORGERIES.items():
        with pytest.raises(verifier.Bad) as bad:
            verifier.check(forged(text, change), key.public)
        assert bad.value.fault is fault, change


@pytest.mark.parametrize("text", ["", "[]", "{", '"text"', "[" * 100_000, "x" * 1_000_001])
def test_what_is_no_receipt_is_said_to_be_none(text, key):
    with pytest.raises(verifier.Bad) as bad:
        verifier.check(text, key.public)
    assert bad.value.fault is verifier.Fault.FORM


def test_a_key_that_was_altered_is_not_read(key):
    line = str(key.public)
    assert verifier.Key.read(line) == key.public
    for text in ("", "a+b", line.replace("+", "-"), line[:-6] + "AAAAA=", "x" + line):
        with pytest.raises(verifier.Bad):
            verifier.Key.read(text)


def test_the_key_is_private_and_a_missing_one_is_said(settings, key, event):
    assert settings.RECEIPT_KEY.stat().st_mode & 0o077 == 0
    settings.RECEIPT_KEY.chmod(0o644)
    with pytest.raises(keys.ReceiptKeyError, match="owner only"):
        keys.read()
    settings.RECEIPT_KEY.unlink()
    with pytest.raises(receipts.NoReceipt):
        receipts.hand_out(event=event, as_file=True, by=cast.staff("receptionist"))
    assert not cast.events("consent.receipt.taken")


def test_the_paper_is_in_the_language_of_the_words(event, key):
    page = queries.as_page(event, key)
    assert page["title"] == "同意书回执"
    assert page["parts"]
    assert printing.pdf("receipt", page).startswith(b"%PDF")
