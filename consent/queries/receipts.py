"""The receipt of an act: its facts, short enough for a QR code, and the page that people keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils import formats, timezone, translation
from django.utils.translation import gettext

from consent import keys, verifier
from consent.models import ConsentEvent, Notice
from consent.queries import channels, notices, words
from patients.names import display
from security import qr

Facts = dict[str, Any]


def facts(event: ConsentEvent) -> Facts:
    """Return what a receipt states: who, what for, what was said, when, how, and the digest of the words."""
    purpose = event.consent.purpose
    found = {
        "id": str(event.pk),
        "patient": str(event.patient_id),
        "name": _name(event),
        "purpose": purpose.key,
        "channel": event.consent.channel,
        "said": event.kind,
        "at": _instant(event.given_at),
        "until": _instant(event.until),
        "by": event.capacity,
        "giver": event.giver or "",
        "how": event.method,
        "form": f"{event.words.form.key} {event.words.number} {event.language}"
        if event.words
        else "",
        "words": event.text_sha256,
        "data": ",".join(_named(event, "categories") or ()),
        "notices": "; ".join(f"{one.law} {one.number}" for one in _notices(event)),
    }
    return {name: value for name, value in found.items() if value}


def _named(event: ConsentEvent, name: str) -> Any:
    """Return one of the things that a person said of a recipient."""
    return event.elements.get(name) if isinstance(event.elements, Mapping) else None


def _notices(event: ConsentEvent) -> list[Notice]:
    return list(Notice.objects.filter(pk__in=event.notices).order_by("law"))


def _name(event: ConsentEvent) -> str:
    with translation.override(event.language or None):
        return display(event.patient.names)


def _instant(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def signed(event: ConsentEvent, key: keys.ReceiptKey) -> Facts:
    """Return the signed receipt without the words, as its QR code holds it."""
    body = json.dumps(facts(event), **verifier.SPELLING)
    return {
        "kind": verifier.RECEIPT,
        "key": key.public.fingerprint,
        "body": body,
        "signature": key.sign(verifier.signed_text(body)),
    }


def as_json(event: ConsentEvent, key: keys.ReceiptKey) -> str:
    """Return the receipt with the words, to be checked by `consent/verifier.py`."""
    said = {"words": words.spelling(event.words)} if event.words else {}
    return json.dumps(signed(event, key) | said, ensure_ascii=False, indent=1)


def as_page(event: ConsentEvent, key: keys.ReceiptKey) -> Facts:
    """Return the content of the receipt on paper, in the language in which the words were shown."""
    language = event.language or "en"
    is_chinese = language.startswith("zh")
    with translation.override(language):
        return {
            "language": "zh" if is_chinese else "en",
            "region": "cn" if is_chinese else "gb",
            "clinic": words.clinic(language),
            "title": gettext("Receipt of a consent"),
            "about": [[str(label), value] for label, value in _about(event).items() if value],
            "heading": event.words.title if event.words else "",
            "parts": [
                [part["heading"], part["text"]] for part in words.parts(event.words)
            ] if event.words else [],
            "qr": qr.svg(json.dumps(signed(event, key), **verifier.SPELLING)),
            "check": gettext(
                "The code holds these facts and the clinic's signature. With the clinic's public key and the"
                " program verifier.py anybody can check them without asking the clinic."
            ),
            "key": f"{gettext('Public key')}: {key.public.name} {key.public.fingerprint}",
        }  # fmt: skip


def _about(event: ConsentEvent) -> Mapping[str, str]:
    channel = event.consent.channel
    return {
        gettext("Patient"): _name(event),
        gettext("Purpose"): event.consent.purpose.label,
        gettext("Channel"): channels.label(channel),
        gettext("Data"): channels.data_labels(_named(event, "categories")),
        gettext("What for"): str(_named(event, "what_for") or ""),
        gettext("What was said"): event.get_kind_display(),
        gettext("When"): _moment(event.given_at),
        gettext("Ends"): _moment(event.until) if event.until else "",
        gettext("Who decided"): " ".join(
            filter(None, (str(event.get_capacity_display()), event.giver))
        ),
        gettext("How"): event.get_method_display(),
        gettext("Privacy notices known then"): "; ".join(map(notices.title, _notices(event))),
        gettext("Number"): str(event.pk),
        gettext("Digest of the words"): event.text_sha256,
    }


def _moment(at: datetime) -> str:
    return formats.date_format(timezone.localtime(at), "DATETIME_FORMAT")
