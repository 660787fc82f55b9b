"""One conversation as one reader sees it: what was said by whom, the steps in words, who read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import persons
from engagement.models import Thread, ThreadAttachment, ThreadMessage
from engagement.queries import inbox, threads
from patients.media import contents
from patients.models import Document, Patient, PortalAccount
from patients.queries import wording
from patients.queries.colleagues import names_of, unit_name
from security import context
from security.access.decision import decide
from security.access.permissions import Permission
from security.models import User
from security.sealing import SealBroken

Kind, Code = ThreadMessage.Kind, ThreadMessage.Code
PICTURES = (contents.JPEG, contents.PNG)
SCANS = dict(Document.Scan.choices)
Shown = dict[str, Any]


def of(reader: User, row: Thread) -> Shown:
    """Return a conversation as its page shows it; the patient's side sees no notes and no inner steps."""
    lines = _lines(reader, row)
    said = [one for one in lines if one.kind != Kind.STEP]
    now = timezone.now()
    facts: Shown = {
        "id": row.pk,
        "patient_id": row.patient_id,
        "unit": unit_name(row.unit),
        "unit_id": row.unit_id,
        "state": row.get_state_display(),
        "tone": inbox.TONES[Thread.State(row.state)],
        "is_done": row.state == Thread.State.DONE,
        "waiting_since": row.waiting_since,
        "is_late": inbox.is_late(row, now),
        "assignee_id": row.assignee_id,
        "is_mine": row.assignee_id == reader.pk,
        "last": said[-1].pk if said else None,
        "read_by_patient": _read_by_patient(row),
        "has_account": _accounts(row.patient_id) != {},
        "broken": False,
        "subject": "",
    }
    facts |= _person(reader, row.patient_id)
    people = _names(row, lines)
    kept = _files(lines)
    facts["lines"] = [_line(one, people, kept) for one in lines]
    facts["assignee"] = people.get(row.assignee_id, "") if row.assignee_id else ""
    try:
        return facts | {"subject": row.subject}
    except SealBroken:
        return facts | {"broken": True}


def _lines(reader: User, row: Thread) -> list[ThreadMessage]:
    rows = row.messages.filter(patient_id=row.patient_id).select_related("to_unit")
    found = list(rows.order_by("written_at", "pk"))
    if reader.kind == User.Kind.STAFF:
        return found
    return [one for one in found if is_for_patient(one)]


def is_for_patient(line: ThreadMessage) -> bool:
    """Tell whether the patient's side sees a line."""
    if line.kind == Kind.STEP:
        return line.code in ThreadMessage.FOR_EVERYBODY
    return line.kind != Kind.NOTE


def _accounts(patient_id: UUID) -> Mapping[UUID, str]:
    rows = PortalAccount.objects.in_force().filter(patient_id=patient_id)
    return dict(rows.values_list("user_id", "capacity"))


def _names(row: Thread, lines: Sequence[ThreadMessage]) -> Mapping[UUID, str]:
    ids = {row.assignee_id, *(one.author_id for one in lines), *(one.to_user_id for one in lines)}
    names = names_of(one for one in ids if one)
    every = PortalAccount.objects.filter(patient_id=row.patient_id, user_id__in=names)
    for account in every:
        # Whoever speaks for the patient is told apart from the patient.
        label = account.get_capacity_display()
        is_self = account.capacity == PortalAccount.Capacity.SELF
        names[account.user_id] = str(label) if is_self else f"{names[account.user_id]} ({label})"
    return names


def _files(lines: Sequence[ThreadMessage]) -> Mapping[UUID, list[ThreadAttachment]]:
    found: dict[UUID, list[ThreadAttachment]] = {}
    rows = ThreadAttachment.objects.filter(message__in=[one.pk for one in lines])
    for one in rows.order_by("pk"):
        found.setdefault(one.message_id, []).append(one)
    return found


def _line(
    line: ThreadMessage, people: Mapping[UUID, str], kept: Mapping[UUID, list[ThreadAttachment]]
) -> Shown:
    shown: Shown = {
        "id": line.pk,
        "kind": line.kind,
        "at": line.written_at,
        "who": people.get(line.author_id, "") if line.author_id else "",
        "told_by": line.told_by,
        "step": _step_words(line, people) if line.kind == Kind.STEP else "",
        "files": [],
        "broken": False,
        "text": "",
    }
    try:
        shown["text"] = line.text or ""
        shown["files"] = [_file(one) for one in kept.get(line.pk, ())]
    except SealBroken:
        shown["broken"] = True
    return shown


def _step_words(line: ThreadMessage, people: Mapping[UUID, str]) -> str:
    """Return what happened in the reader's language; nothing of it is stored as words."""
    to = people.get(line.to_user_id, "") if line.to_user_id else ""
    whom = {"whom": to, "inbox": unit_name(line.to_unit)}
    match line.code:
        case Code.ASSIGNED:
            return _("Given to %(whom)s") % whom
        case Code.TAKEN_BACK:
            return _("Given to nobody in particular")
        case Code.HANDED_OVER if to:
            return _("Handed over to %(whom)s, %(inbox)s") % whom
        case Code.HANDED_OVER:
            return _("Handed over to %(inbox)s") % whom
        case Code.DONE:
            return _("Marked as done")
    return _("Taken up again")


def _file(row: ThreadAttachment) -> Shown:
    where = [row.patient_id, row.pk]
    return {
        "name": row.filename,
        "size": filesizeformat(row.size),
        "scan": SCANS.get(row.scan, ""),
        "url": reverse("engagement:attachment", args=where),
        "picture_url": reverse("engagement:attachment_picture", args=where)
        if row.media_type in PICTURES
        else "",
    }


def _read_by_patient(row: Thread) -> datetime | None:
    sides = row.participants.filter(user__kind=User.Kind.PATIENT)
    found: datetime | None = sides.aggregate(at=Max("read_at"))["at"]
    return found


def _person(reader: User, patient_id: UUID) -> Shown:
    """Return how the reader may know the patient, and the language that the person reads."""
    known = persons.register().shown(reader, [patient_id]).get(patient_id)
    found = {
        "name": known.name if known else "",
        "patient_url": known.url if known else "",
        "pseudonym": persons.pseudonym(patient_id),
        "language": "",
        "reads_chinese": False,
    }
    purpose = context.current().purpose
    if not decide(reader, Permission.DEMOGRAPHICS_READ, patient_id, purpose).allowed:
        return found
    try:
        code = Patient.objects.get(pk=patient_id).language or ""
    except SealBroken:
        return found
    return found | {
        "language": wording.language(code) if code else "",
        "reads_chinese": code.lower().startswith("zh"),
    }


def attachment(reader: User, patient_id: UUID, attachment_id: UUID) -> ThreadAttachment:
    """Return a file of this patient's conversations that the reader may see; raise its DoesNotExist."""
    from_visible = ThreadAttachment.objects.filter(message__patient_id=patient_id)
    row: ThreadAttachment = from_visible.select_related("message").get(
        pk=attachment_id, patient_id=patient_id
    )
    if not _may_see(reader, row):
        raise ThreadAttachment.DoesNotExist
    return row


def _may_see(reader: User, row: ThreadAttachment) -> bool:
    visible = threads.visible(reader).filter(pk=row.message.thread_id)
    is_staff = reader.kind == User.Kind.STAFF
    return visible.exists() and (is_staff or is_for_patient(row.message))
