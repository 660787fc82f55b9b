"""Which notices are in force, what changed between two of them, and who must still be told."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.translation import get_language, get_language_info, gettext

from audit import persons
from consent import sections
from consent.models import Notice, NoticeDelivery, NoticeText
from patients.informing import Shown
from patients.models import Patient
from security.classification import Category
from security.models import ClinicProfile, User
from security.services import clinics

SHOWN = 100
Way = NoticeDelivery.Way


def languages() -> list[str]:
    """Return the languages of the clinic, its first one first."""
    profile = clinics.profile()
    return list(profile.languages) if profile else [settings.LANGUAGE_CODE]


def language_name(code: str) -> str:
    """Return a language in the reader's words."""
    return str(get_language_info(code)["name_translated"])


def spoken(language: str) -> str:
    """Return the language of the clinic in which a person is told: the person's, else the clinic's first."""
    known = languages()
    wanted = (language or get_language() or "").lower()
    root = wanted.partition("-")[0]
    return next((one for one in known if one == wanted or one.startswith(root)), known[0])


def in_force() -> list[Notice]:
    """Return the notices in force under the laws of the clinic, with their words."""
    profile = clinics.profile()
    laws = profile.laws if profile else []
    rows = Notice.objects.in_force().filter(law__in=laws)
    return list(rows.order_by("law").prefetch_related("texts"))


def shown() -> list[Shown]:
    """Return the notices in force as pages name them."""
    return [
        Shown(row.pk, title(row), reverse("consent:public_notice", args=[row.law]))
        for row in in_force()
    ]


def title(row: Notice) -> str:
    """Return what a notice is called."""
    law = ClinicProfile.Law(row.law).label
    return gettext("Privacy notice, %(law)s, version %(number)d") % {
        "law": law,
        "number": row.number,
    }


def state(texts: Iterable[NoticeText]) -> str:
    """Return what tells one state of a draft from another: the version of each of its texts."""
    return " ".join(f"{text.language}:{text.version}" for text in sorted(texts, key=_language_of))


def _language_of(text: NoticeText) -> str:
    return text.language


@dataclass(frozen=True, slots=True)
class Said:
    """One section as it is read: its label, the article, the words, and what changed in it."""

    key: str
    label: str
    article: str
    hint: str
    words: str
    is_missing: bool
    changes: Sequence[tuple[str, str]] = ()


def read(text: NoticeText, law: str, before: NoticeText | None = None) -> list[Said]:
    """Return the sections of a text in the order of the law; with the one before, what changed."""
    left_out = {section.key for section in sections.missing(law, text.language, text.sections)}
    return [
        Said(
            section.key,
            str(section.label),
            section.article,
            str(section.hint),
            text.sections.get(section.key, ""),
            section.key in left_out,
            differences(before.sections.get(section.key, ""), text.sections.get(section.key, ""))
            if before
            else (),
        )
        for section in sections.SECTIONS[law]
    ]


def differences(before: str, after: str) -> list[tuple[str, str]]:
    """Return the lines of two texts as (same | gone | new, line); nothing where they are the same."""
    if before == after:
        return []
    marks = {"  ": "same", "- ": "gone", "+ ": "new"}
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [(marks[line[:2]], line[2:]) for line in lines if line[:2] in marks]


def before(row: Notice) -> Notice | None:
    """Return the version before a notice."""
    rows = Notice.objects.published().filter(law=row.law, number__lt=row.number)
    return rows.prefetch_related("texts").order_by("-number").first()


def to_tell(user: User) -> QuerySet[Patient]:
    """Return the patients whom this person reaches and who must still be told of a notice in force.

    Told counts from the last version that changed something material; emergencies and imports count as not
    told.
    """
    found = Patient.objects.visible_to(user, Category.DEMOGRAPHICS).filter(merged_into=None)
    missing = Q(pk__in=())
    for notice in in_force():
        told = NoticeDelivery.objects.filter(
            notice__law=notice.law, notice__number__gte=_material(notice)
        ).exclude(way=Way.DEFERRED)
        # Told under a record that was merged is told.
        own = Exists(told.filter(patient=OuterRef("pk")))
        merged = told.filter(patient__merged_into__isnull=False)
        taken_in = Exists(merged.filter(patient__merged_into=OuterRef("pk")))
        missing |= ~Q(own) & ~Q(taken_in)
    return found.filter(missing)


def _material(notice: Notice) -> int:
    """Return the number of the last version, up to this one, of which everybody is told."""
    rows = Notice.objects.published().filter(law=notice.law, number__lte=notice.number)
    return (
        rows.filter(is_material=True).order_by("-number").values_list("number", flat=True).first()
        or 1
    )


def deliveries(patient_id: UUID) -> QuerySet[NoticeDelivery]:
    """Return what a person was told of, the newest first."""
    rows = NoticeDelivery.objects.filter(patient_id__in=persons.register().former(patient_id))
    return rows.select_related("notice", "told_by").order_by("-told_at", "-pk")


def known_to(patient_id: UUID, at: datetime) -> list[Notice]:
    """Return the versions that a person knew at an instant: of each law the one that was told last."""
    told = deliveries(patient_id).filter(told_at__lte=at).exclude(way=Way.DEFERRED)
    found: dict[str, Notice] = {}
    for row in told:
        found.setdefault(row.notice.law, row.notice)
    return [found[law] for law in sorted(found)]


def untold(patient_id: UUID) -> list[Notice]:
    """Return the notices in force of which a person was not told yet."""
    told = {
        (row.notice.law, row.notice.number)
        for row in deliveries(patient_id)
        if row.way != Way.DEFERRED
    }
    return [
        notice
        for notice in in_force()
        if not any(law == notice.law and number >= _material(notice) for law, number in told)
    ]


def versions() -> list[Notice]:
    """Return every version under every law, the newest first."""
    texts = Prefetch("texts", NoticeText.objects.order_by("language"))
    rows = Notice.objects.select_related("published_by", "begun_by").prefetch_related(texts)
    return list(rows.order_by("law", "-number")[:SHOWN])
