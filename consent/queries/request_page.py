"""One request in full: its clocks, what was said, who did what, and what is to do next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit import actions, persons
from audit.models import Event
from audit.names import label_of
from audit.queries import officers as accounts
from consent import answers, clocks
from consent.models import (
    Erasure,
    ProcessingRestriction,
    RightsLetter,
    RightsRequest,
    RightsScan,
)
from consent.queries import askers, calendar, executions, repeats, requests
from patients.queries import disclosures
from security.models import ClinicProfile, User
from security.people import called
from security.sealing import SealBroken

Kind, State = RightsRequest.Kind, RightsRequest.State
Shown = dict[str, Any]
MOST_EVENTS = 200
HOW: dict[str, Promise] = {
    "document": _("Official document with photograph, seen"),
    "known": _("Known to us in person"),
    "callback": _("Called back at the number on record"),
    "signature": _("Signature compared with the one on record"),
    "authority": _("Power of attorney or court order, seen"),
    "portal": _("Signed in to the own account"),
}
# Where a kind is carried out: address of a page about the patient. Other parts add theirs.
PLACES: dict[str, tuple[str, Promise]] = {
    Kind.ACCOUNTING: ("patients:disclosures", _("Open the accounting of disclosures")),
    Kind.EXPLANATION: ("patients:access", _("Who may read this record, and by which rule")),
}
# Where a kind is carried out on a page of the request itself.
OWN_PLACES: dict[str, tuple[str, Promise]] = {
    Kind.ACCESS: ("consent:copy", _("Make the copy")),
    Kind.PORTABILITY: ("consent:copy", _("Make the copy")),
    Kind.RECTIFICATION: ("consent:request_corrections", _("Propose the correction")),
}


def of(user: User, row: RightsRequest) -> Shown:
    """Return one request as its page shows it; opening it is a read."""
    here = calendar.here()
    today, found = here.today, requests.clocks_of(row, here)
    shown = requests.line(row, requests.names_of(user, [row]), here)
    letters = list(row.letters.select_related("made_by", "sent_by").order_by("made_at", "pk"))
    earlier, scans = repeats.earlier(row), _scans(row)
    shown |= {
        "version": row.version,
        "way": row.get_way_display(),
        "capacity": row.get_capacity_display(),
        "language": row.language,
        "noted_by": called(row.noted_by) if row.noted_by else "",
        "how": HOW.get(row.identity_how, ""),
        "identity_at": row.identity_at,
        "identity_by": called(row.identity_by),
        "escalated_at": row.escalated_at,
        "closed_by": called(row.closed_by),
        "repeats": row.repeats,
        "is_charged": row.is_charged,
        "suspended_until": row.suspended_until,
        "case_id": row.case_id,
        "may_extend": _may_extend(row, found, today),
        "clocks": [_clock(one, today) for one in found],
        "letters": [_letter(one) for one in letters],
        "scans": scans,
        "earlier": [requests.line(one, {}, here) for one in earlier],
        "is_often": repeats.is_often(row),
        "timeline": _timeline(row, [one.pk for one in letters] + [one["id"] for one in scans]),
        "place": _place(row),
        "restrictions": _restrictions(row),
        "unknown_year": _unknown_year(row),
        "carried_out": row.get_carried_out_display(),
        "execution": executions.of(row) if row.closed_at is None else None,
    }
    shown["next"] = _next(row, today, letters, shown)
    return shown | _said(row)


def _said(row: RightsRequest) -> Shown:
    """Return the sealed words; nothing of them where they can not be opened."""
    names = ("asked", "asker", "address", "extension", "outcome", "charge", "suspension")
    try:
        said: Shown = {name: getattr(row, name) or "" for name in names}
        said["shown"] = row.identity or ""
    except SealBroken:
        return dict.fromkeys((*names, "shown")) | {"is_broken": True}
    ground = answers.BY_KEY.get(row.refusal)
    return said | {
        "is_broken": False,
        "ground": ground.label if ground else "",
        "articles": answers.articles(row.refusal, row.laws) if ground else "",
    }


def _may_extend(row: RightsRequest, found: Sequence[clocks.Clock], today: date) -> bool:
    last = clocks.first_period(found)
    return row.extended_at is None and last is not None and today <= last


def _clock(one: Any, today: date) -> Shown:
    return {
        "law": ClinicProfile.Law(one.law).label,
        "article": one.term.article,
        "target_on": one.target_on,
        "due_on": one.due_on,
        "is_extended": one.is_extended,
        "is_late": one.due_on < today,
        "is_at_once": one.due_on == one.received_on,
    }


def _letter(one: RightsLetter) -> Shown:
    return {
        "id": one.pk,
        "version": one.version,
        "kind": one.get_kind_display(),
        "language": one.language,
        "made_at": one.made_at,
        "way": one.get_way_display() if one.way else "",
        "sent_at": one.sent_at,
        "sent_by": called(one.sent_by),
        "sha256": one.sha256[:12],
    }


def _scans(row: RightsRequest) -> list[Shown]:
    found = []
    for one in row.scans.select_related("added_by").order_by("added_at", "pk"):
        shown = {"id": one.pk, "at": one.added_at, "by": called(one.added_by), "size": one.size}
        try:
            found.append(shown | {"title": one.title})
        except SealBroken:
            found.append(shown | {"title": "", "is_broken": True})
    return found


def _timeline(row: RightsRequest, ids_of_parts: Sequence[UUID]) -> list[Shown]:
    """Return who did what, as the trail says it; with two queries."""
    ids = [row.pk, *ids_of_parts]
    labels = [label_of(RightsRequest), label_of(RightsLetter), label_of(RightsScan)]
    events = Event.objects.filter(object_label__in=labels, object_id__in=ids)
    found = list(events.newest_first()[:MOST_EVENTS])
    names = accounts.names_of({one.actor_id for one in found})
    return [
        {
            "at": one.recorded_at,
            "words": actions.sentence(one.action),
            "who": names.get(one.actor_id, "") if one.actor_id else "",
            "is_refused": one.outcome != Event.Outcome.SUCCESS,
        }
        for one in found
    ]


def _place(row: RightsRequest) -> Shown | None:
    """Return where the kind is carried out."""
    if row.kind == Kind.ERASURE:
        planned = Erasure.objects.filter(request=row).order_by("-planned_at").first()
        if planned is None:
            return {"url": reverse("consent:erasures"), "label": _("Plan the erasure")}
        url = reverse("consent:erasure", args=[planned.pk])
        return {"url": url, "label": _("Look at the erasure")}
    if row.kind in OWN_PLACES:
        name, label = OWN_PLACES[row.kind]
        return {"url": reverse(name, args=[row.pk]), "label": label}
    if row.patient_id is None or row.kind not in PLACES:
        return None
    name, label = PLACES[row.kind]
    heir = persons.register().heirs([row.patient_id])[row.patient_id]
    return {"url": reverse(name, args=[heir]), "label": label}


def withheld_from(row: RightsRequest) -> list[tuple[str, str]]:
    """Return which disclosures to authorities could be held back from who asks for the accounting."""
    if row.patient_id is None:
        return []
    heir = persons.register().heirs([row.patient_id])[row.patient_id]
    return disclosures.to_authorities(heir)


def _restrictions(row: RightsRequest) -> list[Shown]:
    if row.kind not in (Kind.RESTRICTION, Kind.OBJECTION):
        return []
    found = ProcessingRestriction.objects.filter(request=row).select_related("purpose")
    return [
        {
            "kind": one.get_kind_display(),
            "purpose": one.purpose.label if one.purpose else "",
            "starts_at": one.starts_at,
            "ends_at": one.ends_at,
        }
        for one in found.defer("sealed")
    ]


def _unknown_year(row: RightsRequest) -> int | None:
    """Return the year for which nobody said which days are off, where a deadline rests on it."""
    if row.due_on is None or row.closed_at is not None:
        return None
    year = row.due_on.year
    return None if calendar.is_announced(year) or not calendar.follows_china() else year


def _next(
    row: RightsRequest, today: date, letters: Sequence[RightsLetter], shown: Shown
) -> list[Promise]:
    """Return what is to do now, the first thing first."""
    unsent = [one for one in letters if not one.way]
    sent: list[Promise] = [_("Hand over, post or announce the letters below.")] if unsent else []
    if row.closed_at is not None:
        return sent
    why_not = None if row.identity_at else askers.objection(row, today)
    if why_not is not None:
        return [why_not, _("Refuse it, on the ground that there is no authority.")]
    steps: list[Promise] = []
    if row.assigned_to_id is None:
        steps.append(_("Give it to an officer."))
    if row.identity_at is None:
        steps.append(_("Have it shown who asks, and note it; or ask for it by letter."))
    if shown["earlier"]:
        steps.append(
            _("Compare it with the earlier requests: join it, charge for it, or answer it.")
        )
    done = shown["execution"]
    if done is None or not done.is_done:
        steps.append(CARRY_OUT.get(row.kind, _("Look into it.")))
    return [*steps, _("Answer it, and send the letter."), *sent]


CARRY_OUT: dict[str, Promise] = {
    Kind.ACCESS: _("Have the copy of the record made."),
    Kind.PORTABILITY: _("Have the electronic copy of the record made."),
    Kind.RECTIFICATION: _("Have a clinician decide on what is clinical; correct the rest."),
    Kind.ERASURE: _("Have the erasure planned and approved by two people."),
    Kind.RESTRICTION: _("Restrict the use of the data, below."),
    Kind.OBJECTION: _("Stop the use for the purpose that is objected to, below: at once."),
    Kind.ACCOUNTING: _("Open the accounting of disclosures and print it."),
    Kind.EXPLANATION: _("Explain who may read the record and by which rule."),
    Kind.CLOSURE: _("Close the account; what the law wants kept is only stored."),
    Kind.COMPLAINT: _("Look into the complaint; not the colleague whom it is about."),
}
