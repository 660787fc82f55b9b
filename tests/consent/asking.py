"""Purposes, forms and acts for the tests of consent."""

from __future__ import annotations

from datetime import timedelta

from consent import elements
from consent.models import ProcessingPurpose
from consent.services import consents, forms
from consent.services.acts import Act
from patients.models import Relation
from patients.services import relations
from security.ids import new_id

GROUNDS = {"hipaa": "authorisation", "gdpr": "consent", "pipl": "separate"}


def purpose(key="", **more):
    """Make a purpose that rests on consent."""
    facts = {
        "key": key or f"research-{new_id().hex[-12:]}", "state": ProcessingPurpose.State.ACTIVE,
        "name": "Research", "name_zh": "科研", "grounds": GROUNDS, "level": 4,
    }  # fmt: skip
    return ProcessingPurpose.objects.create(**facts | more)


def texts(kind="consent", **more):
    """Return a text for every element that a form may have."""
    return {one.key: f"Text on {one.key}." for one in elements.offered(kind)} | more


def form(about=None, *, kind="consent", months=None, days=180):
    """Begin a form."""
    about = about or purpose()
    return forms.add(purpose_id=about.pk, kind=kind, months=months, ask_again_days=days, by=None)


def words(row=None, *, language="en", is_material=False, **more):
    """Publish words of a form."""
    row = row or form()
    said = forms.Words(language, "May we?", texts(row.kind, **more))
    version = forms.write(form_id=row.pk, words=said, by=None)
    return forms.publish(version_id=version.pk, is_material=is_material, by=None)


def act(method="tick", capacity="self", **more):
    """Return what somebody said."""
    return Act(method=method, capacity=capacity, **more)


def grant(patient, version, *, by, channel="", **more):
    """Let somebody agree."""
    return consents.grant(
        patient_id=patient.pk, words_id=version.pk, channel=channel, act=act(**more), by=by
    )


def decline(patient, version, *, by, channel="", **more):
    """Let somebody refuse."""
    return consents.decline(
        patient_id=patient.pk, words_id=version.pk, channel=channel, act=act(**more), by=by
    )


def withdraw(row, *, by, **more):
    """Let somebody withdraw."""
    return consents.withdraw(consent_id=row.pk, act=act(**more), by=by)


def relative(patient, kind=Relation.Kind.MOTHER, **more):
    """Record a contact of a patient."""
    fields = {"kind": kind, "names": [{"text": "Anna Muster"}]} | more
    return relations.add(patient_id=patient.pk, related_id=None, fields=fields, by=None)


def signature(points=12):
    """Return a drawn signature."""
    return {"strokes": [[[place * 7 % 1000, place * 3 % 1000] for place in range(points)]]}


DAY = timedelta(days=1)
