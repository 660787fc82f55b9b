"""Notices: begun from the last one, written section by section, published whole, and told to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent import sections, verifier
from consent.models import Notice, NoticeDelivery, NoticeText
from consent.queries import notices as reads
from patients.informing import NotInformed, Told
from security import trail
from security.access.gate import Refused
from security.models import User
from security.sealing import StaleRecord
from security.services import clinics

LONGEST = 20_000
# One number for everybody who begins or publishes notices.
LOCK = 0x4355_5374_0041


class NotYourLaw(Refused):
    """The clinic does not work under this law."""


class DraftIsThere(Refused):
    """A draft under this law is being written."""


class Published(Refused):
    """The notice was published: its words never change."""


class Incomplete(Refused):
    """The notice leaves out what the law requires."""


class WrongDay(Refused):
    """A notice takes effect today or later, and after the one before."""


class ReadAgain(Refused):
    """The draft is not the one that was read."""


class TooLong(Refused):
    """A section is longer than a notice may be."""


@dataclass(frozen=True, slots=True)
class Publication:
    """When a notice takes effect, what changed, and whether everybody is told again."""

    effective_on: date
    change: str
    is_material: bool = True
    # Which state of the draft was read on a page (`notices.state` of the queries); None: not on a page.
    seen: str | None = None


def digest(said: Mapping[str, str]) -> str:
    """Return the SHA-256 of the canonical words of a notice."""
    return verifier.digest(said)


@transaction.atomic
def begin(*, law: str, by: User) -> Notice:
    """Begin the next version of the notice under a law, from the words of the one before."""
    profile = clinics.profile()
    if profile is None or law not in profile.laws:
        raise NotYourLaw(_("The clinic does not work under this law."))
    _one_at_a_time()
    if Notice.objects.filter(law=law, published_at=None).exists():
        raise DraftIsThere(_("A draft under this law is being written already."))
    last = Notice.objects.filter(law=law).order_by("-number").first()
    row = Notice.objects.create(law=law, number=last.number + 1 if last else 1, begun_by=by)
    said = {text.language: text.sections for text in last.texts.all()} if last else {}
    texts = [
        NoticeText.objects.create(notice=row, language=language, sections=said.get(language, {}))
        for language in reads.languages()
    ]
    trail.record("consent.notice.begun", changed=[row, *texts], obj=row, by=by)
    return row


@transaction.atomic
def write(*, text_id: UUID, version: int, said: Mapping[str, str], by: User) -> NoticeText:
    """Write a draft's sections in one language; raise StaleRecord where somebody else wrote meanwhile."""
    text = NoticeText.objects.select_for_update().select_related("notice").get(pk=text_id)
    if text.notice.published_at is not None:
        raise Published(_("This notice was published: begin the next version."))
    if text.version != version:
        raise StaleRecord(str(text))
    known = {section.key for section in sections.SECTIONS[text.notice.law]}
    if any(len(words) > LONGEST for words in said.values()):
        raise TooLong(_("A section holds at most %(most)d characters.") % {"most": LONGEST})
    text.sections = {key: words.strip() for key, words in said.items() if key in known}
    text.version += 1
    text.save()
    trail.record("consent.notice.written", changed=[text], obj=text.notice, by=by)
    return text


@transaction.atomic
def publish(*, notice_id: UUID, publication: Publication, by: User) -> Notice:
    """Publish a notice in every language of the clinic, from a day on; refused until it is complete."""
    _one_at_a_time()
    row = Notice.objects.select_for_update().get(pk=notice_id)
    if row.published_at is not None:
        raise Published(_("This notice was published: begin the next version."))
    texts = {text.language: text for text in row.texts.select_for_update()}
    if publication.seen not in (None, reads.state(texts.values())):
        raise ReadAgain(_("Somebody wrote other words meanwhile. Read them before you publish."))
    for language in reads.languages():
        text = texts.get(language)
        left_out = sections.missing(row.law, language, text.sections if text else {})
        if left_out:
            names = ", ".join(str(section.label) for section in left_out)
            raise Incomplete(
                _("In %(language)s the law still asks for: %(names)s.")
                % {"language": reads.language_name(language), "names": names}
            )
    _check_day(row, publication.effective_on)
    row.effective_on, row.change = publication.effective_on, publication.change.strip()
    row.is_material, row.published_at, row.published_by = (
        publication.is_material,
        timezone.now(),
        by,
    )
    for text in texts.values():
        text.text_sha256 = digest(text.sections)
        text.version += 1
        text.save()
    row.version += 1
    row.save()
    hashes = [f"sha256:{text.text_sha256}" for text in texts.values()]
    changed = [row, *texts.values()]
    trail.record("consent.notice.published", changed=changed, obj=row, fields=hashes, by=by)
    return row


def _check_day(row: Notice, effective_on: date) -> None:
    if effective_on < timezone.localdate():
        raise WrongDay(_("A notice takes effect today or later."))
    before = Notice.objects.published().filter(law=row.law).order_by("-number").first()
    if before is not None and before.effective_on and effective_on < before.effective_on:
        raise WrongDay(_("The notice before this one takes effect later than that."))


@transaction.atomic
def tell(*, patient_id: UUID, told: Told, by: User) -> list[NoticeDelivery]:
    """Write down that a person was told of every notice in force, or could not be in an emergency."""
    if told.way not in NoticeDelivery.Way.values:
        raise NotInformed(_("Say how the person was told of the privacy notice."))
    language = reads.spoken(told.language)
    rows = []
    for notice in reads.in_force():
        text = next(one for one in notice.texts.all() if one.language == language)
        rows.append(
            NoticeDelivery(
                patient_id=patient_id,
                notice=notice,
                language=language,
                text_sha256=text.text_sha256,
                way=told.way,
                told_by=by,
                acknowledged=told.acknowledged and told.way != NoticeDelivery.Way.DEFERRED,
            )
        )
    NoticeDelivery.objects.bulk_create(rows)
    if rows and told.way == NoticeDelivery.Way.DEFERRED:
        trail.record("consent.notice.deferred", subjects=[patient_id], changed=rows, by=by)
    elif rows:
        trail.record("consent.notice.told", subjects=[patient_id], changed=rows, by=by)
    return rows


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
