"""Forms of consent and their words: written, checked against the laws, published, superseded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent import elements
from consent.models import ConsentForm, ConsentFormVersion, ProcessingPurpose
from consent.queries import words as spelled
from consent.shipped_forms import FORMS, words_of
from security import trail
from security.access.gate import Refused
from security.models import User

LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
MOST_LETTERS = 4000


class NotAForm(Refused):
    """What was said of a form does not make one."""


class SaysTooLittle(Refused):
    """The words do not say what the law wants said."""

    def __init__(self, missing: list[elements.Element]) -> None:
        named = ", ".join(str(one.label) for one in missing)
        super().__init__(gettext("Still missing: %(elements)s.") % {"elements": named})
        self.missing = missing


class NotADraft(Refused):
    """Published words are never changed."""


class ReadAgain(Refused):
    """The draft is not the one that was read."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a form says in one language: a title, and a text per element."""

    language: str
    title: str
    elements: Mapping[str, str]

    def clean(self, kind: str) -> dict[str, str]:
        """Return the texts of known elements that say something; raise NotAForm for what can not be shown."""
        if self.language not in LANGUAGES or not self.title.strip():
            raise NotAForm(_("Words need a language of the clinic and a title."))
        allowed = [one.key for one in elements.offered(kind)]
        found = {key: str(self.elements.get(key, "")).strip() for key in allowed}
        if any(len(text) > MOST_LETTERS for text in found.values()):
            raise NotAForm(_("A part is longer than people read."))
        return {key: text for key, text in found.items() if text}


@transaction.atomic
def add(
    *, purpose_id: UUID, kind: str, months: int | None, ask_again_days: int, by: User | None
) -> ConsentForm:
    """Begin a form for a purpose; a purpose has one form in use."""
    purpose = ProcessingPurpose.objects.select_for_update().get(pk=purpose_id)
    if kind not in ConsentForm.Kind.values:
        raise NotAForm(_("Choose what kind of form it is."))
    if ConsentForm.objects.filter(purpose=purpose, retired_at__isnull=True).exists():
        raise NotAForm(_("This purpose has a form already: write new words for it."))
    count = ConsentForm.objects.filter(purpose=purpose).count()
    form = ConsentForm.objects.create(
        key=purpose.key if not count else f"{purpose.key}-{count + 1}",
        kind=kind,
        purpose=purpose,
        months=months,
        ask_again_days=ask_again_days,
    )
    trail.record("consent.form.added", changed=[form], obj=form, by=by)
    return form


@transaction.atomic
def write(*, form_id: UUID, words: Words, by: User | None) -> ConsentFormVersion:
    """Keep the draft of the words in one language; there is one draft at a time."""
    form = _in_use(form_id)
    said = words.clean(form.kind)
    versions = form.versions.filter(language=words.language)
    row = versions.filter(published_at__isnull=True).first()
    if row is None:
        newest = versions.aggregate(most=Max("number"))["most"] or 0
        row = ConsentFormVersion(form=form, language=words.language, number=newest + 1)
    row.title, row.elements = words.title.strip(), said
    row.written_at, row.written_by = timezone.now(), by
    row.save()
    trail.record("consent.words.written", changed=[row], obj=row, by=by)
    return row


@transaction.atomic
def publish(
    *, version_id: UUID, is_material: bool, by: User | None, seen: str | None = None
) -> ConsentFormVersion:
    """Show these words from now on, in place of those before; raise SaysTooLittle for what is missing.

    `seen` is the digest of what was read on a page; raise ReadAgain where somebody wrote other words since.
    Where purpose, way or kinds changed, whoever agreed to earlier words is asked again.
    """
    row = ConsentFormVersion.objects.select_for_update().get(pk=version_id)
    form = _in_use(row.form_id)
    if row.published_at is not None:
        raise NotADraft(_("These words are published. Write new ones instead."))
    if seen is not None and seen != spelled.digest(row):
        raise ReadAgain(_("Somebody wrote other words meanwhile. Read them before you publish."))
    if missing := spelled.missing(row, form):
        raise SaysTooLittle(missing)
    now = timezone.now()
    before = list(form.versions.in_force().filter(language=row.language).select_for_update())
    for old in before:
        old.superseded_at = now
        old.save(update_fields=["superseded_at"])
    row.text_sha256 = spelled.digest(row)
    row.published_at, row.published_by, row.is_material = now, by, is_material and bool(before)
    row.save()
    trail.record("consent.words.published", changed=[row, *before], obj=row, by=by)
    return row


@transaction.atomic
def retire(*, form_id: UUID, by: User) -> ConsentForm:
    """Ask nobody with this form any more; what was agreed to stays."""
    form = _in_use(form_id)
    form.retired_at = timezone.now()
    form.save(update_fields=["retired_at"])
    shown = _ended(form, form.retired_at)
    trail.record("consent.form.retired", changed=[form, *shown], obj=form, by=by)
    return form


def _ended(form: ConsentForm, now: datetime) -> list[ConsentFormVersion]:
    rows = list(form.versions.in_force().select_for_update())
    for row in rows:
        row.superseded_at = now
        row.save(update_fields=["superseded_at"])
    return rows


@transaction.atomic
def bring_shipped(*, by: User | None) -> list[ConsentForm]:
    """Begin the forms that come with the product for purposes that rest on consent and have none.

    Their words are drafts in both languages: an officer reads and publishes them.
    """
    laws, made = spelled.laws(), []
    has_form = ConsentForm.objects.filter(purpose=OuterRef("pk"), retired_at__isnull=True)
    waiting = ProcessingPurpose.objects.filter(~Exists(has_form), key__in=FORMS)
    for purpose in waiting.order_by("key"):
        shipped = FORMS[purpose.key]
        if not purpose.needs_consent(laws):
            continue
        is_authorised = "hipaa" in laws and purpose.grounds.get("hipaa") == "authorisation"
        kinds = ConsentForm.Kind
        form = add(
            purpose_id=purpose.pk,
            kind=kinds.AUTHORISATION if is_authorised else kinds.CONSENT,
            months=shipped.months,
            ask_again_days=shipped.ask_again_days,
            by=by,
        )
        for language in LANGUAGES:
            title, said = words_of(purpose.key, language, clinic=spelled.clinic(language))
            write(form_id=form.pk, words=Words(language, title, said), by=by)
        made.append(form)
    return made


def _in_use(form_id: UUID) -> ConsentForm:
    form = ConsentForm.objects.select_for_update().get(pk=form_id)
    if form.retired_at is not None:
        raise NotAForm(_("This form is no longer used."))
    return form
