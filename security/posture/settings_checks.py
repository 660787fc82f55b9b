"""Checks of the settings, the tables and the certificates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext_lazy as _

from security.posture.registry import Check, Judgement, Note, Outcome

SOON_DAYS = 30
# What must hold whatever the environment says: the name of the setting, and whether it is safe.
WANTED: dict[str, Callable[[], bool]] = {
    "DEBUG": lambda: not settings.DEBUG,
    "CUSTODIA_DEMO": lambda: not settings.DEMO,
    "SECURE_SSL_REDIRECT": lambda: settings.SECURE_SSL_REDIRECT,
    "SECURE_HSTS_SECONDS": lambda: settings.SECURE_HSTS_SECONDS >= 365 * 24 * 3600,
    "SESSION_COOKIE_SECURE": lambda: settings.SESSION_COOKIE_SECURE,
    "SESSION_COOKIE_HTTPONLY": lambda: settings.SESSION_COOKIE_HTTPONLY,
    "CSRF_COOKIE_SECURE": lambda: settings.CSRF_COOKIE_SECURE,
    "ALLOWED_HOSTS": lambda: (
        bool(settings.ALLOWED_HOSTS) and "*" not in "".join(settings.ALLOWED_HOSTS)
    ),
    "SECRET_KEY": lambda: len(settings.SECRET_KEY) >= 50,
    "X_FRAME_OPTIONS": lambda: settings.X_FRAME_OPTIONS == "DENY",
    "CONTENT_SECURITY_POLICY": lambda: "unsafe" not in str(settings.CONTENT_SECURITY_POLICY),
    "STAFF_IDLE_SECONDS": lambda: 0 < settings.STAFF_IDLE_SECONDS <= 30 * 60,
    "STAFF_ABSOLUTE_SECONDS": lambda: 0 < settings.STAFF_ABSOLUTE_SECONDS <= 12 * 3600,
    "STEP_UP_SECONDS": lambda: 0 < settings.STEP_UP_SECONDS <= 15 * 60,
    "CELERY_ACCEPT_CONTENT": lambda: settings.CELERY_ACCEPT_CONTENT == ["json"],
    "AUDITLOG_MASK_CALLABLE": lambda: settings.AUDITLOG_MASK_CALLABLE == "audit.masking.constant",
    "CLAMD_URL": lambda: bool(settings.CLAMD_URL),
}
# A clinic can do without it, and should know.
ADVISED = {"CLAMD_URL"}


def judge_settings() -> Judgement:
    """Hold the settings in force against what is safe, and ask Django's own deployment checks."""
    notes = [
        Note(Outcome.WARN if name in ADVISED else Outcome.BAD, "setting", {"name": name})
        for name, is_safe in WANTED.items()
        if not is_safe()
    ]
    notes += [
        Note(Outcome.WARN, "django", {"id": str(message.id)})
        for message in run_checks(include_deployment_checks=True)
        if message.level >= ERROR and not message.is_silenced()
    ]
    return Judgement(notes or [Note(Outcome.GOOD, "all", {"count": len(WANTED)})])


def judge_migrations() -> Judgement:
    """Compare the tables with the code."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return Judgement([Note(Outcome.GOOD, "none", {})])
    return Judgement(
        [
            Note(Outcome.BAD, "pending", {"name": f"{migration.app_label}.{migration.name}"})
            for migration, _is_backwards in plan
        ]
    )


def judge_certificates() -> Judgement:
    """Read every configured certificate and look at its last day."""
    if not settings.POSTURE_CERTIFICATES:
        return Judgement([Note(Outcome.UNKNOWN, "not_set", {})])
    return Judgement(
        [note for path in settings.POSTURE_CERTIFICATES for note in _certificates_of(Path(path))]
    )


def _certificates_of(path: Path) -> list[Note]:
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        return [Note(Outcome.BAD, "unreadable", {"file": path.name})]
    now = datetime.now(UTC)
    notes = []
    for number, certificate in enumerate(found, 1):
        days = (certificate.not_valid_after_utc - now).days
        facts = {"file": path.name, "number": number, "days": abs(days)}
        if certificate.not_valid_before_utc > now:
            notes.append(Note(Outcome.BAD, "not_yet", facts))
        elif certificate.not_valid_after_utc <= now:
            notes.append(Note(Outcome.BAD, "expired", facts))
        else:
            notes.append(Note(Outcome.WARN if days < SOON_DAYS else Outcome.GOOD, "ends", facts))
    return notes


CHECKS = (
    Check(
        "settings",
        _("Security settings"),
        _("The settings in force, and Django's checks for deployment."),
        judge_settings,
        {
            "setting": _("%(name)s is not what is safe."),
            "django": _("Django's check %(id)s complains."),
            "all": _("All %(count)d settings are safe."),
        },
    ),
    Check(
        "migrations",
        _("Tables and code"),
        _("Migrations that the code knows and the database does not."),
        judge_migrations,
        {"none": _("No migration is pending."), "pending": _("Pending: %(name)s.")},
    ),
    Check(
        "certificates",
        _("Certificates"),
        _("The certificate files of CUSTODIA_CERTIFICATES."),
        judge_certificates,
        {
            "not_set": _("No certificate file is named, so none is looked at."),
            "unreadable": _("%(file)s can not be read as a certificate."),
            "not_yet": _("Certificate %(number)d of %(file)s is not valid yet."),
            "expired": _("Certificate %(number)d of %(file)s expired %(days)d days ago."),
            "ends": _("Certificate %(number)d of %(file)s is valid for %(days)d more days."),
        },
    ),
)
