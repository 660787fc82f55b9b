"""On which ground of which law data are used; the words of the laws, without a decision in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from security.models import ClinicProfile

Law = ClinicProfile.Law


@dataclass(frozen=True, slots=True)
class Ground:
    """One legal basis: its article, its words, and whether it rests on what the person allowed."""

    key: str
    article: str
    label: Promise
    needs_consent: bool = False


def _of(*grounds: Ground) -> Mapping[str, Ground]:
    return {ground.key: ground for ground in grounds}


# PIPL 13 knows no legitimate interest; neither does HIPAA.
GROUNDS: Mapping[str, Mapping[str, Ground]] = {
    Law.HIPAA: _of(
        Ground("treatment", "45 CFR 164.506(c)", _("Treatment")),
        Ground("payment", "45 CFR 164.506(c)", _("Payment")),
        Ground("operations", "45 CFR 164.506(c)", _("Healthcare operations")),
        Ground("law", "45 CFR 164.512(a)", _("Required by law")),
        Ground("public_health", "45 CFR 164.512(b)", _("Public health activities")),
        Ground("oversight", "45 CFR 164.512(d)", _("Health oversight")),
        Ground("patient", "45 CFR 164.502(a)(1)(i)", _("To the individual")),
        Ground("opportunity", "45 CFR 164.510", _("Opportunity to agree or object"), True),
        Ground("authorisation", "45 CFR 164.508", _("Authorisation"), True),
    ),
    Law.GDPR: _of(
        Ground("care", "GDPR 6(1)(b), 9(2)(h)", _("Contract and provision of health care")),
        Ground("duty", "GDPR 6(1)(c), 9(2)(h)", _("Legal obligation and health care")),
        Ground("vital", "GDPR 6(1)(d), 9(2)(c)", _("Vital interests")),
        Ground("public_health", "GDPR 6(1)(e), 9(2)(i)", _("Public interest in public health")),
        Ground("research", "GDPR 6(1)(e), 9(2)(j), 89", _("Research in the public interest")),
        Ground("claims", "GDPR 6(1)(f), 9(2)(f)", _("Legal claims")),
        # Of ordinary data only: 9(2) knows no legitimate interest.
        Ground("interest", "GDPR 6(1)(f)", _("Legitimate interests, without health data")),
        Ground("consent", "GDPR 6(1)(a), 9(2)(a)", _("Explicit consent"), True),
    ),
    Law.PIPL: _of(
        Ground("contract", "PIPL 13(2)", _("Contract with the person")),
        Ground("duty", "PIPL 13(3)", _("Statutory duty")),
        Ground("emergency", "PIPL 13(4)", _("Public health or emergency to protect life")),
        Ground("law", "PIPL 13(7)", _("Other circumstances provided by law")),
        Ground("consent", "PIPL 13(1)", _("Consent"), True),
        Ground("separate", "PIPL 13(1), 23, 29, 39", _("Separate consent"), True),
    ),
}


def ground(law: str, key: str) -> Ground:
    """Return one ground of one law; raise KeyError for an unknown one."""
    return GROUNDS[law][key]
