"""What the pages of erasures and retention show; counts, days and pseudonyms, never a value of a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from audit import persons
from consent.models import Erasure, RetentionRule, RetentionRun, RightsRequest
from consent.queries import erasure_plans as plans
from consent.queries import retention
from consent.queries.due import SCOPES
from security.classification import SubjectKind
from security.models import ClinicProfile, User
from security.people import called
from security.sealing import SealBroken

FATES: Mapping[str, tuple[Promise, str]] = {
    plans.ERASE: (gettext_lazy("Erased now"), "danger"),
    plans.STORE: (gettext_lazy("Stored only"), "warn"),
    plans.IN_USE: (gettext_lazy("Still needed"), "info"),
    plans.KEEP: (gettext_lazy("Not due"), ""),
    plans.HOLD: (gettext_lazy("Legal hold"), "warn"),
}
TONES = {
    "planned": "info",
    "approved": "info",
    "running": "warn",
    "stopped": "warn",
    "done": "good",
}
MOST = 200


def listed() -> list[dict[str, Any]]:
    """Return the newest erasures."""
    rows = Erasure.objects.newest_first().select_related("planned_by").defer("plan", "certificate")
    return [_row(row) for row in rows[:MOST]]


def _row(row: Erasure) -> dict[str, Any]:
    return {
        "id": row.pk,
        "number": row.number,
        "state": row.get_state_display(),
        "tone": TONES.get(row.state, ""),
        "origin": row.get_origin_display(),
        "pseudonym": persons.pseudonym(row.subject_id),
        "by": called(row.planned_by),
        "at": row.planned_at,
    }


def waiting_requests() -> list[RightsRequest]:
    """Return the open requests for erasure that nobody planned anything for, the oldest first."""
    planned = Erasure.objects.exclude(state=Erasure.State.GIVEN_UP).exclude(request=None)
    rows = RightsRequest.objects.open().filter(kind=RightsRequest.Kind.ERASURE)
    return list(rows.exclude(pk__in=planned.values("request_id")).order_by("received_at")[:MOST])


def page(row: Erasure, reader: User) -> dict[str, Any]:
    """Return what the page of one erasure shows."""
    approvals = row.approvals.select_related("approved_by").order_by("approved_at")
    subjects = [UUID(one) for one in row.plan["subjects"]]
    shown: Mapping[UUID, persons.Shown] = {}
    if row.subject_of == SubjectKind.PATIENT:
        shown = persons.register().shown(reader, subjects)
    agreed = [{"by": called(one.approved_by), "at": one.approved_at} for one in approvals]
    return _row(row) | {
        "erasure": row,
        "reason": _text(row, "reason"),
        "refusal": _text(row, "refusal"),
        "subjects": [
            {"pseudonym": str(one), "name": shown[one].name if one in shown else ""}
            for one in subjects
        ],
        "scopes": [_scope(one) for one in row.plan["scopes"]],
        "loose": row.plan["loose"],
        "holds": len(row.plan["holds"]),
        "approvals": agreed,
        "needed": 1 if row.origin == Erasure.Origin.RETENTION else 2,
        "is_mine": row.planned_by_id == reader.pk
        or any(one.approved_by_id == reader.pk for one in approvals),
        "certificate": row.certificate,
    }


def _text(row: Erasure, name: str) -> str | None:
    try:
        text: str | None = getattr(row, name)
    except SealBroken:
        return None
    return text or ""


def _scope(one: Mapping[str, Any]) -> dict[str, Any]:
    label, tone = FATES[one["action"]]
    until = date.fromisoformat(one["until"]) if one["until"] else None
    return {
        "label": SCOPES[one["scope"]],
        "fate": label,
        "tone": tone,
        "until": until,
        "article": one["article"],
        **{name: one[name] for name in ("keys", "rows", "versions", "index", "files")},
    }


def rule_rows() -> list[dict[str, Any]]:
    """Return every rule of retention, as its page shows it."""
    ours = {"", *retention.laws()}
    return [
        {
            "rule": one,
            "law": dict(ClinicProfile.Law.choices).get(one.law, _("Every law")),
            "kind": one.get_kind_display(),
            "anchor": one.get_anchor_display(),
            "period": period(one),
            "applies": one.is_on and one.law in ours,
            "is_changed": one.version > 1,
        }
        for one in retention.rules()
    ]


def period(rule: RetentionRule) -> str:
    """Return how long a rule keeps, in words."""
    parts: list[str] = []
    years, months = divmod(rule.months, 12)
    for count, words in (
        (years, ngettext("%(count)d year", "%(count)d years", years)),
        (months, ngettext("%(count)d month", "%(count)d months", months)),
        (rule.days, ngettext("%(count)d day", "%(count)d days", rule.days)),
    ):
        if count:
            parts.append(words % {"count": count})
    return ", ".join(parts)


def run(row: RetentionRun) -> dict[str, Any]:
    """Return what the page of a run shows."""
    rows = list(row.erasures.select_related("planned_by").order_by("number"))
    done = sum(one.state == Erasure.State.DONE for one in rows)
    over = sum(one.state in {Erasure.State.DONE, Erasure.State.GIVEN_UP} for one in rows)
    return {
        "run": row,
        "by": called(row.planned_by),
        "approved_by": called(row.approved_by),
        "rows": [_row(one) for one in rows],
        "total": len(rows),
        "done": done,
        "over": over,
        "is_over": over == len(rows),
    }


def runs() -> Iterable[RetentionRun]:
    """Return the newest runs."""
    return RetentionRun.objects.order_by("-planned_at")[:20]


def paper(certificate: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a certificate as the words of its page for paper, in the language in force."""
    profile = ClinicProfile.objects.first()
    names = (profile.name_zh, profile.name) if profile else ("", "")
    return {
        "language": language,
        "region": "CN" if language == "zh" else "US",
        "clinic": (names[0] if language == "zh" else "") or names[1],
        "title": _("Certificate of destruction"),
        "number": certificate["number"],
        "facts": [[str(label), str(value)] for label, value in _facts(certificate) if value],
        "head": [_("What"), _("Fate"), _("Rows"), _("Versions"), _("Files"), _("Keys")],
        "rows": [
            [str(one["label"]), _fate(one), *(str(one[key]) for key in COUNTED)]
            for one in map(_scope, [*certificate["erased"], *certificate["stored"]])
        ],
        "keys_title": _("Destroyed keys"),
        "keys": certificate["keys"],
        "signature_title": _("Signature (Ed25519)"),
        "signature": certificate["signature"],
        "public_key": certificate["public_key"],
        "how": _(
            "The keys under which these data were sealed were destroyed, so that no copy opens any more. The"
            " signature covers the JSON form of this certificate."
        ),
    }


COUNTED = ("rows", "versions", "files", "keys")


def _fate(one: Mapping[str, Any]) -> str:
    if one["until"] is None:
        return str(one["fate"])
    said = {"fate": one["fate"], "day": date_format(one["until"]), "law": one["article"]}
    return _("%(fate)s until %(day)s: %(law)s") % said


def _facts(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    who = ", ".join(f"{one['handle']} ({one['at'][:16]})" for one in said["approved"])
    planned = said["planned"].get("handle", "")
    last = said["last_copy"]
    return [
        (_("Whose data"), ", ".join(said["subjects"])),
        (_("Finished"), said["finished_at"][:19]),
        (_("Request"), said["request"]),
        (_("Planned by"), planned),
        (_("Approved by"), who),
        (_("Last copy of the keys in a backup until"), last.get("keys", "")),
        (_("Last copy of the sealed rows in a backup until"), last.get("records", "")),
    ]
