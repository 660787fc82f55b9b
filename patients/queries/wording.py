"""Codes of FHIR in the clinic's words, instants and numbers in the reader's form."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import get_language_info, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from patients.fhir import values

# Code of a status -> (words, tone of its badge). A code that is not listed is shown as it is.
STATUSES: dict[str, tuple[Promise, str]] = {
    "active": (pgettext_lazy("status", "active"), "info"),
    "recurrence": (_("recurrence"), "info"),
    "relapse": (_("relapse"), "info"),
    "inactive": (_("inactive"), "neutral"),
    "remission": (_("in remission"), "neutral"),
    "resolved": (_("resolved"), "neutral"),
    "planned": (_("planned"), "neutral"),
    "arrived": (_("arrived"), "info"),
    "triaged": (_("triaged"), "info"),
    "in-progress": (_("in progress"), "info"),
    "onleave": (_("on leave"), "neutral"),
    "preparation": (_("in preparation"), "neutral"),
    "finished": (_("finished"), "neutral"),
    "completed": (_("completed"), "neutral"),
    "stopped": (_("stopped"), "neutral"),
    "cancelled": (_("cancelled"), "neutral"),
    "revoked": (_("revoked"), "neutral"),
    "on-hold": (_("on hold"), "warn"),
    "draft": (_("draft"), "neutral"),
    "not-done": (_("not done"), "warn"),
    "registered": (_("registered"), "neutral"),
    "partial": (_("partial"), "neutral"),
    "preliminary": (_("preliminary"), "warn"),
    "final": (_("final"), "neutral"),
    "amended": (_("amended"), "warn"),
    "corrected": (_("corrected"), "warn"),
    "appended": (_("appended"), "neutral"),
    "entered-in-error": (_("entered in error"), "danger"),
    "refuted": (_("refuted"), "neutral"),
    "unknown": (_("not known"), "neutral"),
}
CRITICALITIES: dict[str, Promise] = {
    "high": _("severe reactions possible"),
    "low": _("mild"),
    "unable-to-assess": _("not assessed"),
}
VISIT_CLASSES: dict[str, Promise] = {
    "AMB": _("Outpatient visit"),
    "EMER": _("Emergency visit"),
    "FLD": _("Visit in the field"),
    "HH": _("Home visit"),
    "IMP": _("Hospital stay"),
    "ACUTE": _("Hospital stay"),
    "NONAC": _("Hospital stay"),
    "OBSENC": _("Observation stay"),
    "PRENC": _("Visit before admission"),
    "SS": _("Short stay"),
    "VR": _("Remote visit"),
    "WELLNESS": _("Preventive visit"),
}
CLAIM_TYPES: dict[str, Promise] = {
    "institutional": _("Hospital bill"),
    "oral": _("Dental bill"),
    "pharmacy": _("Pharmacy bill"),
    "professional": _("Physician's bill"),
    "vision": _("Vision bill"),
}
# What an identifier is, by the code of its FHIR type.
NUMBERS: dict[str, Promise] = {
    "DL": _("Driving licence"),
    "MC": _("Health insurance number"),
    "NH": _("Health insurance number"),
    "HC": _("Health insurance number"),
    "MR": _("Record number"),
    "NI": _("National identity number"),
    "NNCHN": _("National identity number"),
    "PPN": _("Passport number"),
    "SB": _("Social insurance number"),
    "SS": _("Social security number"),
}
CONTACT_KINDS: dict[str, Promise] = {
    "phone": _("Phone"),
    "sms": _("Text messages"),
    "fax": _("Fax"),
    "email": _("E-mail"),
    "pager": _("Pager"),
    "url": _("Web page"),
}
CONTACT_USES: dict[str, Promise] = {
    "home": _("home"),
    "work": _("work"),
    "mobile": _("mobile"),
    "temp": _("temporary"),
    "old": _("old"),
    "billing": _("billing"),
}


# Resources that are kept whole, by their FHIR type.
RESOURCES: dict[str, Promise] = {
    "Goal": _("Goal"),
    "ImagingStudy": _("Imaging study"),
    "DocumentReference": _("Document"),
    "Composition": _("Document"),
    "Media": _("Image or recording"),
    "ServiceRequest": _("Order"),
    "FamilyMemberHistory": _("Family history"),
    "QuestionnaireResponse": _("Questionnaire"),
    "MedicationAdministration": _("Medicine given"),
    "MedicationStatement": _("Medicine taken"),
    "Communication": _("Message"),
    "CareTeam": _("Care team"),
    "Device": _("Device"),
    "Specimen": _("Specimen"),
}


def word(words: dict[str, Promise], code: str | None) -> str:
    """Return a code in words, or the code itself."""
    return str(words.get(code or "", code or ""))


def status(code: str | None) -> dict[str, str]:
    """Return the words and the tone of a status."""
    text, tone = STATUSES.get(code or "", (code or "", "neutral"))
    return {"text": str(text), "tone": tone}


def day(at: datetime | None) -> str:
    """Return the local day of an instant."""
    return formats.date_format(timezone.localtime(at), "DATE_FORMAT") if at else ""


def dated(at: datetime | None, precision: str) -> str:
    """Return a date no more exact than it is known; a day alone is the same day in every zone."""
    if at is None or precision == "instant":
        return day(at)
    form = {"year": "Y", "month": "YEAR_MONTH_FORMAT"}.get(precision, "DATE_FORMAT")
    return formats.date_format(at.astimezone(UTC).date(), form)


def stretch(start: datetime | None, end: datetime | None) -> str:
    """Return a period in words."""
    if start and end:
        return gettext("%(start)s to %(end)s") % {"start": day(start), "end": day(end)}
    if start:
        return gettext("from %(start)s") % {"start": day(start)}
    return gettext("until %(end)s") % {"end": day(end)} if end else ""


def number(value: Decimal) -> str:
    """Return a measured number in the reader's form, rounded where nobody reads the digits."""
    text = values.number_text(value)
    return formats.number_format(Decimal(text), use_l10n=True) if "E" not in text else text


def money(value: Decimal | None) -> str:
    """Return an amount with two digits after the point."""
    return "" if value is None else formats.number_format(value, 2, force_grouping=True)


def unit(text: str | None) -> str:
    """Return a unit as people write it: braces of UCUM are remarks, square brackets join."""
    bare = (text or "").strip("{}")
    return {"mm[Hg]": "mmHg", "Cel": "°C", "[degF]": "°F", "1": ""}.get(bare, bare)


def language(code: str | None) -> str:
    """Return the name of a language in the reader's language, or its code."""
    if not code:
        return ""
    if code.lower().startswith("zh"):
        return gettext("Chinese")
    for known in (code.lower(), code.lower().partition("-")[0]):
        try:
            return str(get_language_info(known)["name_translated"])
        except KeyError:
            continue
    return code


def parts(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a JSON list, or the one object there is."""
    return list(values.parts(value or ()))


def concept(value: Any) -> str:
    """Return what a CodeableConcept is called."""
    return values.concept_text(value)


def codes(value: Any) -> list[str]:
    """Return the bare codes of a CodeableConcept."""
    found = [coding.get("code") for one in parts(value) for coding in parts(one.get("coding"))]
    return [code for code in found if isinstance(code, str) and code]
