"""On which ground a request is refused, and where the person may complain; the words of the laws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.clocks import TERMS
from security.models import ClinicProfile

Law = ClinicProfile.Law
HIPAA, GDPR, PIPL = Law.HIPAA.value, Law.GDPR.value, Law.PIPL.value


@dataclass(frozen=True, slots=True)
class Refusal:
    """One ground of refusal: its articles by law, for which kinds, and whether a review is open."""

    key: str
    label: Promise
    articles: Mapping[str, str]
    # Empty: every kind.
    kinds: frozenset[str] = field(default_factory=frozenset)
    is_reviewable: bool = False


def _for(*kinds: str) -> frozenset[str]:
    return frozenset(kinds)


COPY = _for("access", "portability")
REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        "identity", _("It was not shown who asks."),
        {HIPAA: "45 CFR 164.514(h)", GDPR: "GDPR 12(6)", PIPL: "PIPL 50"},
    ),
    Refusal(
        "not_entitled", _("Who asks has no authority for this person."),
        {HIPAA: "45 CFR 164.502(g)", GDPR: "GDPR 12(2), 15-22", PIPL: "PIPL 31, 44, 49"},
    ),
    Refusal(
        "not_held", _("The clinic does not hold what is asked for."),
        {HIPAA: "45 CFR 164.524(d)(3)", GDPR: "GDPR 15(1)", PIPL: "PIPL 45"},
    ),
    Refusal(
        "excessive", _("The same was asked again and again, without need."),
        {HIPAA: "45 CFR 164.528(c)(2)", GDPR: "GDPR 12(5)(b)", PIPL: "NDR 25"},
    ),
    Refusal(
        "danger", _("A clinician found that it would endanger a life or the safety of somebody."),
        {HIPAA: "45 CFR 164.524(a)(3)(i)", GDPR: "GDPR 15(4), 23", PIPL: "PIPL 18, 45"},
        COPY, is_reviewable=True,
    ),
    Refusal(
        "others", _("It would disclose what belongs to somebody else."),
        {HIPAA: "45 CFR 164.524(a)(3)(ii)", GDPR: "GDPR 15(4), 20(4)", PIPL: "PIPL 18, 45"},
        COPY, is_reviewable=True,
    ),
    Refusal(
        "psychotherapy", _("They are a therapist's own notes, or were made for proceedings."),
        {HIPAA: "45 CFR 164.524(a)(1)", GDPR: "GDPR 15(4), 23", PIPL: "PIPL 18, 45"}, COPY,
    ),
    Refusal(
        "accurate", _("The record is accurate and complete."),
        {HIPAA: "45 CFR 164.526(a)(2)(iv)", GDPR: "GDPR 16", PIPL: "PIPL 46"},
        _for("rectification"),
    ),
    Refusal(
        "made_elsewhere", _("The clinic did not make the record; who made it can correct it."),
        {HIPAA: "45 CFR 164.526(a)(2)(i)", GDPR: "GDPR 16", PIPL: "PIPL 46"},
        _for("rectification"),
    ),
    Refusal(
        "retention", _("A law obliges the clinic to keep it; until then it is only stored."),
        {GDPR: "GDPR 17(3)(b)", PIPL: "PIPL 47"}, _for("erasure", "closure"),
    ),
    Refusal(
        "public_health", _("It is needed for public health."),
        {GDPR: "GDPR 17(3)(c)", PIPL: "PIPL 13(4), 47"}, _for("erasure"),
    ),
    Refusal(
        "claims", _("It is needed for legal claims."),
        {GDPR: "GDPR 17(3)(e), 18(2), 21(1)", PIPL: "PIPL 13(7), 47"},
        _for("erasure", "restriction", "objection"),
    ),
    Refusal(
        "no_ground", _("None of the conditions of the law is met."),
        {HIPAA: "45 CFR 164.522(a)(1)(ii)", GDPR: "GDPR 18(1), 21(1)", PIPL: "PIPL 44, 24"},
        _for("restriction", "objection", "portability"),
    ),
    Refusal(
        "no_right", _("The law that applies gives no such right."),
        {HIPAA: "45 CFR 164.526"}, _for("erasure", "closure"),
    ),
    Refusal(
        "unfounded", _("The complaint was looked into and is not founded."),
        {HIPAA: "45 CFR 164.530(d)", GDPR: "GDPR 12(4)", PIPL: "PIPL 50"}, _for("complaint"),
    ),
)  # fmt: skip
BY_KEY = {one.key: one for one in REFUSALS}

# Law -> where somebody complains about an answer.
ROUTES: Mapping[str, Promise] = {
    HIPAA: _(
        "You may complain to the privacy officer of the clinic, and to the Office for Civil Rights of the"
        " U.S. Department of Health and Human Services, within 180 days. Nobody may treat you worse for it"
        " (45 CFR 160.306, 164.530(g))."
    ),
    GDPR: _(
        "You may lodge a complaint with the data protection authority of the place where you live or work, or"
        " where you see the breach, and you may go to court (GDPR 12(4), 77, 79)."
    ),
    PIPL: _(
        "You may complain to the authority that protects personal information, and sue in the people's court"
        " (PIPL 50, 65)."
    ),
}
REVIEW = _(
    "You may have this refusal reviewed by a licensed health professional who took no part in it. Write"
    " to the clinic; it passes your request on promptly and tells you the outcome"
    " (45 CFR 164.524(a)(4), (d)(4))."
)
DISAGREEMENT = _(
    "You may hand in a written statement that you disagree; it is kept with the record and goes along with"
    " what is disclosed. Without a statement you may ask that your request and this answer go along instead"
    " (45 CFR 164.526(d))."
)


def holds(key: str, kind: str, laws: Iterable[str]) -> bool:
    """Tell whether a ground refuses this kind under every one of the laws that give the right."""
    ground = BY_KEY.get(key)
    if ground is None or (ground.kinds and kind not in ground.kinds):
        return False
    asked = list(laws)
    giving = [law for law in asked if kind in TERMS[law]] or asked
    return all(law in ground.articles for law in giving)


def choices(kind: str, laws: Iterable[str]) -> list[Refusal]:
    """Return the grounds that refuse a kind under these laws."""
    known = list(laws)
    return [one for one in REFUSALS if holds(one.key, kind, known)]


def articles(key: str, laws: Iterable[str]) -> str:
    """Return the articles of a ground in these laws, joined."""
    ground = BY_KEY[key]
    return "; ".join(ground.articles[law] for law in laws if law in ground.articles)
