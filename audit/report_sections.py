"""What ledger, monitoring, comparisons and backups say of themselves in an audit report."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Count, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.models import RecordCheck
from audit.periods import Period
from audit.queries import ledger as ledger_queries
from audit.queries.report_sections import LEDGER, Fact, Section, namers, register
from security import monitoring
from security.models import Backup


def ledger(_period: Period) -> Mapping[str, Fact]:
    """Return how the ledger stands when the report is made."""
    now = ledger_queries.state()
    return {
        "is_well": now.is_well,
        "heads": now.checkpoint,
        "entries": now.size,
        "pending": now.pending,
        "signed_at": now.signed_at.isoformat() if now.signed_at else None,
        "anchors": len(now.anchors),
        "anchors_well": sum(one.is_well for one in now.anchors),
    }


def comparisons(period: Period) -> Mapping[str, Fact]:
    """Return what the comparisons of all records with the trail found."""
    rows = RecordCheck.objects.filter(
        started_at__gte=period.starts_at, started_at__lt=period.ends_at
    ).exclude(state=RecordCheck.State.RUNNING)
    counted = rows.aggregate(
        runs=Count("pk"), rows=Sum("rows_done", default=0), found=Sum("findings_count", default=0)
    )
    return {"runs": counted["runs"], "rows": counted["rows"], "found": counted["found"]}


def backups(period: Period) -> Mapping[str, Fact]:
    """Return how many backups were good and how many failed."""
    rows = Backup.objects.filter(started_at__gte=period.starts_at, started_at__lt=period.ends_at)
    newest = Backup.objects.good().filter(started_at__lt=period.ends_at).newest_first().first()
    return {
        "good": rows.good().count(),
        "failed": rows.filter(state=Backup.State.FAILED).count(),
        "newest": newest.started_at.isoformat() if newest else None,
    }


def rule_words(key: str) -> Promise | None:
    """Return what a rule of monitoring is called."""
    rule = monitoring.rules.get(key)
    return rule.words if rule else None


register(
    Section(
        LEDGER,
        _("State of the ledger"),
        ledger,
        {
            "is_well": _("Nothing needs a look"),
            "heads": _("Signed heads"),
            "entries": _("Sealed entries"),
            "pending": _("Events that wait for their seal"),
            "signed_at": _("Newest head signed"),
            "anchors": _("Anchors that are set up"),
            "anchors_well": _("Anchors that got the newest heads"),
        },
    )
)
register(
    Section(
        "comparisons",
        _("Records held against the trail"),
        comparisons,
        {
            "runs": _("Comparisons"),
            "rows": _("Rows compared"),
            "found": _("Differences found"),
        },
    )
)
register(
    Section(
        "backups",
        _("Backups"),
        backups,
        {
            "good": _("Good backups"),
            "failed": _("Failed backups"),
            "newest": _("Newest good backup"),
        },
    )
)
namers.append(rule_words)
