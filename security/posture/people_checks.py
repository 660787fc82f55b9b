"""Checks of keys, second factors, backups and what is installed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Exists, Min, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.models import Backup, DataKey, TotpFactor, User
from security.posture import advisories
from security.posture.registry import Check, Judgement, Note, Outcome
from security.sealing import keyring
from security.sealing.errors import KeyringError

ROOT_DAYS = 365
# A proposal of the HIPAA Security Rule wants the newest backup to be no older than two days.
BACKUP_OLD, BACKUP_LATE = timedelta(hours=48), timedelta(hours=26)
ADVISORIES_DAYS = 30


def judge_keys() -> Judgement:
    """Look at the root keys of the keyring and at how long each has wrapped data keys."""
    try:
        ring = keyring.read(Path(settings.KEYRING_PATH))
    except KeyringError:
        return Judgement([Note(Outcome.BAD, "unreadable", {})])
    used = dict(
        DataKey.objects.filter(destroyed_at__isnull=True)
        .values_list("kek_version")
        .annotate(first=Min("created_at"))
        .order_by("kek_version")
    )
    notes = [Note(Outcome.BAD, "gone", {"version": one}) for one in used if one not in ring.roots]
    for version, first in used.items():
        days = (timezone.now() - first).days
        late = version == ring.primary and days > ROOT_DAYS
        notes.append(
            Note(Outcome.WARN if late else Outcome.GOOD, "age", {"version": version, "days": days})
        )
    return Judgement(notes or [Note(Outcome.GOOD, "unused", {})])


def judge_factors() -> Judgement:
    """Count the accounts of the staff that gave a second factor; who has none is no name here."""
    confirmed = TotpFactor.objects.filter(user_id=OuterRef("pk"), confirmed=True)
    staff = User.objects.filter(kind=User.Kind.STAFF, is_active=True)
    total, without = staff.count(), staff.filter(~Exists(confirmed)).count()
    facts = {"with": total - without, "total": total}
    return Judgement([Note(Outcome.WARN if without else Outcome.GOOD, "coverage", facts)])


def judge_backups() -> Judgement:
    """Look at the newest good backup and at what came after it."""
    last = Backup.objects.good().newest_first().first()
    if last is None:
        return Judgement([Note(Outcome.BAD, "none", {})])
    age = timezone.now() - last.started_at
    outcome = (
        Outcome.BAD if age > BACKUP_OLD else Outcome.WARN if age > BACKUP_LATE else Outcome.GOOD
    )
    notes = [Note(outcome, "age", {"hours": int(age.total_seconds() // 3600)})]
    failed = Backup.objects.filter(
        state=Backup.State.FAILED, started_at__gt=last.started_at
    ).count()
    if failed:
        notes.append(Note(Outcome.WARN, "failed", {"count": failed}))
    if last.files_missing:
        notes.append(Note(Outcome.BAD, "missing", {"count": last.files_missing}))
    return Judgement(notes)


def judge_advisories() -> Judgement:
    """Hold what is installed against the advisories in the operator's file."""
    if not settings.POSTURE_ADVISORIES:
        return Judgement([Note(Outcome.UNKNOWN, "not_set", {})])
    path = Path(settings.POSTURE_ADVISORIES)
    try:
        known, days = advisories.read(path), advisories.age_of(path).days
    except advisories.Unreadable:
        return Judgement([Note(Outcome.BAD, "unreadable", {"file": path.name})])
    hits = advisories.affecting(known, advisories.installed())
    notes = [Note(Outcome.BAD, "affected", {"id": hit.id, "package": hit.package, "version": hit.version})
             for hit in hits]  # fmt: skip
    outcome = Outcome.WARN if days > ADVISORIES_DAYS else Outcome.GOOD
    notes.append(Note(outcome, "looked", {"count": len(known), "days": days}))
    return Judgement(notes)


CHECKS = (
    Check(
        "keys",
        _("Root keys"),
        _("The root keys in the keyring, and since when each wraps data keys."),
        judge_keys,
        {
            "unreadable": _("The keyring can not be read."),
            "gone": _("Data keys need root key %(version)d, and the keyring lacks it."),
            "age": _("Root key %(version)d has been in use for %(days)d days."),
            "unused": _("No data key was made yet."),
        },
    ),
    Check(
        "factors",
        _("Second factors"),
        _("Accounts of the staff that may sign in."),
        judge_factors,
        {"coverage": _("%(with)d of %(total)d accounts have a second factor.")},
    ),
    Check(
        "advisories",
        _("Known weaknesses"),
        _("What is installed, against the advisories in the file of CUSTODIA_ADVISORIES."),
        judge_advisories,
        {
            "not_set": _("No file of advisories is named, so nothing is compared."),
            "unreadable": _("The file %(file)s can not be read as advisories (OSV)."),
            "affected": _("%(package)s %(version)s is affected by %(id)s."),
            "looked": _("Compared with %(count)d advisories; the file is %(days)d days old."),
        },
    ),
    Check(
        "backups",
        _("Backups"),
        _("The age of the newest backup that was read back, and failures since."),
        judge_backups,
        {
            "none": _("There is no good backup."),
            "age": _("The newest good backup is %(hours)d hours old."),
            "failed": _("%(count)d backups failed since."),
            "missing": _("%(count)d files that rows name are gone."),
        },
    ),
)
