"""Consents of the demo: forms of two purposes, who agreed, who refused, who withdrew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from consent.models import ConsentFormVersion, ProcessingPurpose
from consent.services import consents, forms
from consent.services.acts import Act, NotTaken
from patients.models import Patient
from patients.names import display
from security import trail
from security.models import User

Purposes = Mapping[str, Mapping[str, Any]]
# Only where the register of the clinic does not have them already.
PURPOSES: Purposes = {
    "marketing": {
        "name": "News and offers",
        "name_zh": "资讯与推广",
        "uses": ["HMARKT"],
        "categories": ["demographics"],
        "is_per_channel": True,
        "channels": ["email", "sms"],
    },
    "research": {
        "name": "Medical research",
        "name_zh": "医学研究",
        "uses": [],
        "categories": ["clinical"],
    },
    "teaching": {
        "name": "Teaching",
        "name_zh": "教学",
        "uses": [],
        "categories": ["clinical"],
    },
}
GROUNDS = {"hipaa": "authorisation", "gdpr": "consent", "pipl": "separate"}
# One of so many patients was asked; of these one of so many refused, and one withdrew.
ASKED, REFUSED, WITHDREW = 3, 4, 5


def take_down(patients: Sequence[UUID], *, officer: User, desk: User) -> None:
    """Publish the forms that come with the product, and let some patients answer."""
    for key, facts in PURPOSES.items():
        about = {"state": ProcessingPurpose.State.ACTIVE, "grounds": GROUNDS, "level": 4}
        row, is_new = ProcessingPurpose.objects.get_or_create(key=key, defaults=about | dict(facts))
        if is_new:
            trail.record("crm.demo.purpose_added", changed=[row], obj=row)
    forms.bring_shipped(by=officer)
    for draft in ConsentFormVersion.objects.filter(published_at__isnull=True).order_by("pk"):
        forms.publish(version_id=draft.pk, is_material=False, by=officer)
    shown = ConsentFormVersion.objects.in_force().filter(language="en", form__key__in=PURPOSES)
    for words in shown.select_related("form__purpose").order_by("form__key"):
        channel = next(iter(words.form.purpose.channels), "")
        for number, patient_id in enumerate(patients[1::ASKED]):
            answer(patient_id, words, channel, number, desk=desk)


def answer(
    patient_id: UUID, words: ConsentFormVersion, channel: str, number: int, *, desk: User
) -> None:
    """Let one patient agree, refuse, or agree and withdraw; children are asked with their guardian."""
    name = display(Patient.objects.get(pk=patient_id).names)
    said = Act(method="typed", capacity="self", signature={"typed": name})
    about: dict[str, Any] = {
        "patient_id": patient_id,
        "words_id": words.pk,
        "channel": channel,
        "act": said,
    }
    try:
        if number % REFUSED == 0:
            consents.decline(by=desk, **about)
            return
        taken = consents.grant(by=desk, **about)
    except NotTaken:
        return
    if number % WITHDREW == 0:
        consents.withdraw(consent_id=taken.consent.pk, act=said, by=desk)
