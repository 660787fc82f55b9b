"""Where consent and rights begin: the parts that somebody may work in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from consent.queries import (
    assessments,
    consents,
    corrections,
    meter,
    notices,
    requests,
    transfers,
)
from patients.models import Patient
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.classification import Category
from security.models import User


@dataclass(frozen=True, slots=True)
class Part:
    """One part of consent and rights: who works in it, where it is, what it is for."""

    permissions: tuple[Permission, ...]
    url: str
    icon: str
    label: Promise
    sentence: Promise
    # How many things of this part wait for this person.
    waits: Callable[[User], int] | None = None


def _for_officers(count: Callable[[], int]) -> Callable[[User], int]:
    """Return a count that only who keeps the registers must look at."""

    def waits(user: User) -> int:
        manages = reach_of_user(user, Permission.CONSENT_MANAGE) is not Reach.NONE
        return count() if manages else 0

    return waits


def _to_tell(user: User) -> int:
    return notices.to_tell(user).count()


def _to_correct(user: User) -> int:
    return corrections.waiting_for(user).count()


def _to_renew(user: User) -> int:
    visible = Patient.objects.visible_to(user, Category.CONSENT)
    return len(consents.renewals(visible=visible.order_by().values("pk")))


def _to_answer(user: User) -> int:
    return requests.counts(user)["open"]


PARTS: tuple[Part, ...] = (
    Part(
        (Permission.CONSENT_MANAGE, Permission.RIGHTS_READ),
        "consent:notices",
        "file-text",
        _("Privacy notices"),
        _("What people are told, under each law and in each language, and who was told."),
    ),
    Part(
        (Permission.CONSENT_WRITE,),
        "consent:notices_to_tell",
        "message",
        _("To be told of the notice"),
        _("People who were registered in an emergency, imported, or told of an older version."),
        _to_tell,
    ),
    Part(
        (Permission.RIGHTS_MANAGE,),
        "consent:copies",
        "archive",
        _("Copies of records"),
        _("Everything that is held about a person, for whoever asked for it."),
    ),
    Part(
        (Permission.CLINICAL_WRITE, Permission.DEMOGRAPHICS_WRITE, Permission.BILLING_WRITE),
        "consent:corrections",
        "edit",
        _("Corrections to decide"),
        _("What people say is wrong in their record."),
        _to_correct,
    ),
    Part(
        (Permission.CONSENT_READ,),
        "consent:purposes",
        "clipboard-list",
        _("Purposes"),
        _("What personal data are used for, and on which ground of each law."),
    ),
    Part(
        (Permission.CONSENT_READ,),
        "consent:inventory",
        "list-check",
        _("Record of processing"),
        _("The inventory that GDPR 30 and PIPL 55 ask for, drawn from the system itself."),
    ),
    Part(
        (Permission.CONSENT_READ,),
        "consent:meter",
        "activity",
        _("Minimisation meter"),
        _("How full each field is, who read it last, and what is collected and unused."),
        _for_officers(meter.unused_count),
    ),
    Part(
        (Permission.CONSENT_READ,),
        "consent:assessments",
        "shield-exclamation",
        _("Impact assessments"),
        _("What a purpose may mean for people, signed off by a second person."),
        _for_officers(assessments.due_count),
    ),
    Part(
        (Permission.CONSENT_READ,),
        "consent:transfers",
        "world",
        _("Data abroad"),
        _("Recipients in other countries, what allows it, and how many people's data went."),
        _for_officers(transfers.waits),
    ),
    Part(
        (Permission.RIGHTS_READ,),
        "consent:disclosures",
        "send",
        _("Disclosures to third parties"),
        _("What goes to somebody outside, on what ground, and who gets it."),
    ),
    Part(
        (Permission.RIGHTS_READ,),
        "consent:restrictions",
        "lock",
        _("Restrictions"),
        _("Whose data may not be used as usual, since when and until when."),
    ),
    Part(
        (Permission.CONSENT_MANAGE, Permission.CONSENT_READ),
        "consent:forms",
        "file-text",
        _("Forms of consent"),
        _("What people are asked, in which words, and whether these say what the law wants."),
    ),
    Part(
        (Permission.CONSENT_WRITE,),
        "consent:renewals",
        "history",
        _("Consents that end soon"),
        _("Who may be asked to renew within 30 days."),
        _to_renew,
    ),
    Part(
        (Permission.RIGHTS_READ,),
        "consent:requests",
        "inbox",
        _("Rights desk"),
        _("What people ask about their data, by when the law wants an answer, and what was done."),
        _to_answer,
    ),
    Part(
        (Permission.RIGHTS_READ,),
        "consent:calendar",
        "calendar",
        _("Calendar of working days"),
        _("Days off and days worked instead, from which deadlines are counted."),
    ),
    Part(
        (Permission.RIGHTS_MANAGE,),
        "consent:erasures",
        "trash",
        _("Erasures"),
        _("Planned by one, approved by two others, certified, and done again after a restore."),
    ),
    Part(
        (Permission.RIGHTS_MANAGE,),
        "consent:retention_rules",
        "calendar-time",
        _("Retention"),
        _("How long records are kept and by which law, legal holds, and who is due."),
    ),
)


@require_safe
@requires(Permission.CONSENT_READ, Permission.RIGHTS_READ)
def home(request: SignedInRequest) -> HttpResponse:
    """Show the parts that this person may work in."""
    parts = [
        {"part": part, "waits": part.waits(request.user) if part.waits else 0}
        for part in PARTS
        if any(reach_of_user(request.user, one) is not Reach.NONE for one in part.permissions)
    ]
    return render(request, "consent/home.html", {"parts": parts})
