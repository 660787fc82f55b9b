"""The register of purposes as pages show it, and what is wrong with a purpose under a law."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from consent import vocabulary
from consent.laws import GROUNDS, Law
from consent.models import ImpactAssessment, ProcessingPurpose, ProcessingPurposeVersion
from security.access.purposes import PURPOSE_LABELS, Purpose
from security.classification import CATEGORY_LABELS, Category
from security.people import called
from security.services import clinics

# What a version of a purpose keeps, by the names of its columns.
CONTENT = (
    "name", "name_zh", "description", "description_zh", "grounds", "uses", "categories", "level", "people",
    "channels", "recipients", "retention", "retention_months", "is_cross_border", "needs_separate_consent",
    "is_per_channel",
)  # fmt: skip
# The reason of the first version of what comes with the product.
SHIPPED = gettext_noop("Came with the product.")
SHORT_LAWS = {Law.HIPAA: "HIPAA", Law.GDPR: "GDPR", Law.PIPL: "PIPL"}


def laws_of_clinic() -> list[str]:
    """Return the laws that the clinic is under; before its set-up all of them, the strictest answer."""
    profile = clinics.profile()
    return list(profile.laws) if profile and profile.laws else [str(law) for law in Law]


def content_of(row: ProcessingPurpose) -> dict[str, Any]:
    """Return what a purpose says now."""
    return {name: getattr(row, name) for name in CONTENT}


def fault(content: Mapping[str, Any], laws: Collection[str]) -> str:
    """Return the first thing that is wrong with a purpose under these laws, as a sentence; empty if none."""
    return _unknown(content) or _groundless(content, laws) or _unfit(content)


def _unknown(content: Mapping[str, Any]) -> str:
    for what, known in (
        ("categories", {str(one) for one in Category}),
        ("uses", {str(one) for one in Purpose}),
        ("channels", set(vocabulary.CHANNELS)),
        ("people", set(vocabulary.PEOPLE)),
    ):
        strange = sorted({str(one) for one in content[what]} - known)
        if strange:
            return _("The register does not know “%(word)s”.") % {"word": strange[0][:40]}
    if not 1 <= content["level"] <= 5:
        return _("A level is a number from 1 to 5.")
    if not content["categories"] or not content["uses"] or not content["people"]:
        return _("Say which data of whom are used, and for which uses.")
    if content["retention"] and content["retention"] not in vocabulary.RETENTIONS:
        return _("There is no such rule of retention.")
    return ""


def _groundless(content: Mapping[str, Any], laws: Collection[str]) -> str:
    grounds: Mapping[str, str] = content["grounds"]
    for law in sorted({*grounds, *laws}):
        if law not in GROUNDS:
            return _("There is no law “%(law)s” in this product.") % {"law": str(law)[:20]}
        short, key = SHORT_LAWS[Law(law)], grounds.get(law, "")
        if not key and law in laws:
            return _("Name the ground under %(law)s: the clinic is under this law.") % {
                "law": short
            }
        if key and key not in GROUNDS[law]:
            if key == "interest":
                return _("%(law)s knows no legitimate interest. Choose another ground.") % {
                    "law": short
                }
            return _("%(law)s knows no ground “%(ground)s”.") % {
                "law": short,
                "ground": str(key)[:40],
            }
    return ""


def _unfit(content: Mapping[str, Any]) -> str:
    grounds: Mapping[str, str] = content["grounds"]
    categories = {str(one) for one in content["categories"]}
    if grounds.get(Law.GDPR) == "interest" and categories & {str(one) for one in vocabulary.HEALTH}:
        return _("Legitimate interests never carry health data (GDPR 9). Choose another ground.")
    if str(Purpose.HMARKT) in {str(one) for one in content["uses"]}:
        weak = [law for law, key in sorted(grounds.items()) if key and not _agreed(law, key)]
        if weak:
            return _("Marketing rests on what people agreed to, under %(law)s as well.") % {
                "law": SHORT_LAWS[Law(weak[0])]
            }
    if content["is_cross_border"] and grounds.get(Law.PIPL) == "consent":
        return _("What goes abroad on consent needs separate consent (PIPL 39).")
    return ""


def _agreed(law: str, key: str) -> bool:
    return GROUNDS[law][key].needs_consent


def ground_labels(grounds: Mapping[str, str], laws: Sequence[str]) -> list[dict[str, Any]]:
    """Return the ground of a purpose under each of these laws; one without a ground says so."""
    found = []
    for law in laws:
        ground = GROUNDS[law].get(grounds.get(law, ""))
        found.append(
            {
                "law": SHORT_LAWS[Law(law)],
                "label": ground.label if ground else _("No ground: nothing is allowed"),
                "article": ground.article if ground else "",
                "is_missing": ground is None,
                "needs_consent": bool(ground and ground.needs_consent),
            }
        )
    return found


def register() -> list[dict[str, Any]]:
    """Return every purpose as the list shows it, those in use first."""
    laws = laws_of_clinic()
    order: list[str] = [ProcessingPurpose.State.ACTIVE, ProcessingPurpose.State.DRAFT]
    rows = sorted(
        ProcessingPurpose.objects.all(),
        key=lambda row: (order.index(row.state) if row.state in order else 9, row.label),
    )
    return [
        {
            "row": row,
            "grounds": ground_labels(row.grounds, laws),
            "asks": row.needs_consent(laws),
            "categories": words(CATEGORY_LABELS, row.categories),
        }
        for row in rows
    ]


def words(labels: Mapping[Any, Promise | str], keys: Collection[Any]) -> list[str]:
    """Return keys in words; one of a later version shows as itself."""
    known = {str(key): label for key, label in labels.items()}
    return [str(known.get(str(key), key)) for key in keys]


def in_full(row: ProcessingPurpose) -> dict[str, Any]:
    """Return one purpose as its page shows it."""
    return {
        "row": row,
        "grounds": ground_labels(row.grounds, [str(law) for law in Law if law in row.grounds]),
        "fault": fault(content_of(row), laws_of_clinic()),
        **said(content_of(row)),
        "changed_by": called(row.changed_by),
    }


def said(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a purpose says in words of the reader's language."""
    months = content["retention_months"]
    rule = vocabulary.RETENTIONS.get(content["retention"], content["retention"])
    kept = [str(rule)] if rule else []
    if months:
        kept.append(_("%(months)d months where no rule applies") % {"months": months})
    return {
        "uses": words(PURPOSE_LABELS, content["uses"]),
        "categories": words(CATEGORY_LABELS, content["categories"]),
        "people": words(vocabulary.PEOPLE, content["people"]),
        "channels": words(vocabulary.CHANNELS, content["channels"]),
        "recipients": content["recipients"],
        "kept": kept,
    }


def history(row: ProcessingPurpose) -> list[dict[str, Any]]:
    """Return the versions of a purpose, the newest first, with what each of them changed."""
    rows = list(row.versions.select_related("changed_by").order_by("-number"))
    return [
        {
            "row": one,
            "who": called(one.changed_by),
            "reason": _(SHIPPED) if one.reason == SHIPPED else one.reason,
            "changes": differences(before.content if before else {}, one.content),
        }
        for one, before in zip(rows, [*rows[1:], None], strict=False)
    ]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what differs between two states of a purpose, in words; nothing before a first one."""
    if not before:
        return []
    return [
        {"label": str(labels()[name]), "before": text(name, before), "after": text(name, after)}
        for name in CONTENT
        if before.get(name) != after.get(name)
    ]


def text(name: str, content: Mapping[str, Any]) -> str:
    """Return one part of a purpose as a line of text."""
    value = content.get(name)
    if name == "grounds":
        found = ground_labels(value or {}, [law for law in GROUNDS if (value or {}).get(law)])
        return "; ".join(f"{one['law']}: {one['label']}" for one in found) or "–"
    if name == "recipients":
        return "; ".join(one["name"] for one in value or ()) or "–"
    if name in ("uses", "categories", "people", "channels"):
        return ", ".join(said({**_BLANK, name: value or ()})[name]) or "–"
    if name == "retention":
        return str(vocabulary.RETENTIONS.get(str(value), value or "–"))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "–" if value in (None, "") else str(value)


_BLANK: Mapping[str, Any] = {
    "uses": (), "categories": (), "people": (), "channels": (), "recipients": (), "retention": "",
    "retention_months": None,
}  # fmt: skip


def labels() -> Mapping[str, str]:
    """Return what the parts of a purpose are called."""
    return {
        "name": _("English name"),
        "name_zh": _("Chinese name"),
        "description": _("What it is about"),
        "description_zh": _("What it is about, in Chinese"),
        "grounds": _("Grounds"),
        "uses": _("Uses"),
        "categories": _("Data"),
        "level": _("Highest level of data"),
        "people": _("Whose data"),
        "channels": _("Channels"),
        "recipients": _("Recipients"),
        "retention": _("Kept"),
        "retention_months": _("Months where no rule applies"),
        "is_cross_border": _("Data go abroad"),
        "needs_separate_consent": _("Separate consent is asked"),
        "is_per_channel": _("Asked for each channel or recipient"),
    }


def version_at(row: ProcessingPurpose, number: int) -> Mapping[str, Any]:
    """Return what a purpose said at a version; nothing where there was none."""
    found = ProcessingPurposeVersion.objects.filter(purpose=row, number=number).first()
    return found.content if found else {}


def is_assessed(row: ProcessingPurpose) -> bool:
    """Tell whether an assessment that was signed off after the last change lets a purpose begin today."""
    found = ImpactAssessment.objects.in_force(timezone.localdate())
    return found.filter(purpose=row, signed_at__gte=row.changed_at).exists()


def same_key(key: str, keys: Iterable[str]) -> bool:
    """Tell whether a key is there already, but for capitals and kinds of dashes."""
    return plain_key(key) in {plain_key(one) for one in keys}


def plain_key(key: str) -> str:
    """Return a key without what people confuse in it."""
    return key.lower().replace("-", "_")
