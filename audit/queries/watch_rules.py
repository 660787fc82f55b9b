"""The register of rules: how each is set, what it raised, and how much of it held."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import ngettext

from audit.models import Alert, Companion, RuleSetting
from audit.queries.alerts import TONES, pseudonym, raised_by
from audit.queries.staff import names_of
from security.monitoring import rules

# Whoever could switch off the rule that watches the rules could switch off all others unseen.
NEVER_OFF = frozenset({"R17"})
RESPONSES = dict(Alert.Response.choices)


def register() -> list[dict[str, Any]]:
    """Return every rule as it is set, with its precision, by number."""
    settings = {row.key: row for row in RuleSetting.objects.all()}
    counts = raised_by(rules)
    return [
        _row(
            rule,
            None if rule.key in NEVER_OFF else settings.get(rule.key),
            counts.get(rule.key, {}),
        )
        for rule in sorted(rules.values(), key=lambda one: one.order)
    ]


def _row(rule: Any, setting: RuleSetting | None, counts: dict[str, int]) -> dict[str, Any]:
    held = counts.get("warned", 0) + counts.get("incident", 0)
    closed = held + counts.get("explained", 0)
    threshold = setting.threshold if setting and setting.threshold is not None else rule.threshold
    return {
        "key": rule.key,
        "words": rule.words,
        "why": rule.why,
        "threshold": f"{threshold:g}",
        "usual": f"{rule.threshold:g}",
        "is_changed": threshold != rule.threshold,
        "is_on": setting is None or setting.is_on,
        "is_fixed": rule.key in NEVER_OFF,
        "window": window_words(rule.window),
        "weight": f"{rule.weight:g}",
        "response": RESPONSES[str(rule.response)],
        "tone": TONES[str(rule.response)],
        "raised": sum(counts.values()),
        "open": counts.get("open", 0),
        "closed": closed,
        "held": held,
        "precision": round(100 * held / closed) if closed else None,
    }


def window_words(window: timedelta) -> str:
    """Return a stretch of time in words."""
    minutes = int(window.total_seconds() // 60)
    if minutes >= 1440:
        return ngettext("%(n)d day", "%(n)d days", minutes // 1440) % {"n": minutes // 1440}
    if minutes >= 60:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def pairs() -> list[dict[str, Any]]:
    """Return the pairs that are remembered now, the one that ends first at the top."""
    rows = list(Companion.objects.in_force().defer("sealed").order_by("ends_at", "pk")[:200])
    colleagues = {row.other_id for row in rows if row.kind == Companion.Kind.COLLEAGUE}
    names = names_of({row.actor_id for row in rows} | colleagues)
    return [
        {
            "id": row.pk,
            "who": names.get(row.actor_id, pseudonym(row.actor_id)),
            "other": names.get(row.other_id, "") if row.other_id in colleagues else "",
            "patient": "" if row.other_id in colleagues else pseudonym(row.other_id),
            "kind": row.get_kind_display(),
            "ends_at": row.ends_at,
        }
        for row in rows
    ]
