"""What the words of a form must say before anybody is shown them, per kind of form and law."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from security.models import ClinicProfile

Law = ClinicProfile.Law
CONSENT, AUTHORISATION = "consent", "authorisation"
# What about a purpose makes an element necessary.
SENSITIVE, RECIPIENTS, ABROAD = "sensitive", "recipients", "abroad"
# From this level on data are sensitive (GDPR 9, PIPL 28); see the scheme of levels.
SENSITIVE_FROM = 3


@dataclass(frozen=True, slots=True)
class Element:
    """One thing that the words must say; the place in the law, by kind of form and law."""

    key: str
    label: Promise
    help: Promise
    articles: Mapping[tuple[str, str], str]
    # Needed only where the purpose has this trait; always where it is empty.
    trait: str = ""
    kinds: frozenset[str] = field(default_factory=lambda: frozenset({CONSENT, AUTHORISATION}))

    def article(self, kind: str, laws: Collection[str]) -> str:
        """Return the places in the laws of the clinic, or nothing where no law of it asks."""
        found = (self.articles.get((kind, law), "") for law in Law.values if law in laws)
        return "; ".join(filter(None, found))


def _both(gdpr: str = "", pipl: str = "", hipaa: str = "") -> Mapping[tuple[str, str], str]:
    """Return the articles: GDPR and PIPL ask the same of both kinds, HIPAA of an authorisation only."""
    found = {(kind, str(Law.GDPR)): gdpr for kind in (CONSENT, AUTHORISATION)}
    found |= {(kind, str(Law.PIPL)): pipl for kind in (CONSENT, AUTHORISATION)}
    return found | {(AUTHORISATION, str(Law.HIPAA)): hipaa}


# In the order in which people read them.
ELEMENTS: tuple[Element, ...] = (
    Element(
        "purpose",
        _("What for"),
        _("One purpose, so that a person who is no lawyer understands it."),
        _both("GDPR 7, 13(1)(c)", "PIPL 14, 17(1)(2)", "45 CFR 164.508(c)(1)(iv)"),
    ),
    Element(
        "data",
        _("Which data"),
        _("The kinds of data; for an authorisation so specific that it can be carried out."),
        _both("GDPR 13, 14(1)(d)", "PIPL 17(1)(2)", "45 CFR 164.508(c)(1)(i)"),
    ),
    Element(
        "controller",
        _("Who asks, and who may disclose"),
        _("The name of the clinic and how it is reached; who may use or disclose the data."),
        _both("GDPR 13(1)(a)", "PIPL 17(1)(1)", "45 CFR 164.508(c)(1)(ii)"),
    ),
    Element(
        "processing",
        _("How they are used"),
        _("What is done with the data."),
        _both("GDPR 13(2)(f)", "PIPL 17(1)(2)"),
    ),
    Element(
        "recipients",
        _("Who receives them"),
        _("Name, contact, purpose, way and kinds for each; or that nobody does."),
        _both("GDPR 13(1)(e)", "PIPL 23", "45 CFR 164.508(c)(1)(iii)"),
    ),
    Element(
        "necessity",
        _("Why sensitive data, and what it means for the person"),
        _("Why it does not do without, and what the effect on the person can be."),
        _both("GDPR 9(2)(a)", "PIPL 29, 30"),
        trait=SENSITIVE,
    ),
    Element(
        "abroad",
        _("Outside the country"),
        _("Recipient abroad, contact, purpose, way, kinds, and how rights are used there."),
        _both("GDPR 13(1)(f), 49(1)(a)", "PIPL 39"),
        trait=ABROAD,
    ),
    Element(
        "retention",
        _("How long, and what happens then"),
        _("A time, or how it is found, and what becomes of the data."),
        _both("GDPR 13(2)(a)", "PIPL 17(1)(2), 19"),
    ),
    Element(
        "expiry",
        _("When this ends"),
        _("A day or an event after which this no longer holds."),
        _both(hipaa="45 CFR 164.508(c)(1)(v)"),
    ),
    Element(
        "voluntary",
        _("Free to refuse"),
        _("That nobody is treated worse for refusing, and that nothing else hangs on it."),
        _both("GDPR 7(4)", "PIPL 16"),
    ),
    Element(
        "withdrawal",
        _("How to stop it"),
        _(
            "How to withdraw, as easily as to give, and what stays lawful; for an authorisation also"
            " the exceptions."
        ),
        _both("GDPR 7(3), 13(2)(c)", "PIPL 15", "45 CFR 164.508(c)(2)(i)"),
    ),
    Element(
        "conditioning",
        _("What depends on it"),
        _("Whether care, payment, enrolment or benefits may depend on signing."),
        _both(hipaa="45 CFR 164.508(c)(2)(ii)"),
        kinds=frozenset({AUTHORISATION}),
    ),
    Element(
        "redisclosure",
        _("Passing on"),
        _(
            "That who receives the data may pass them on, and that the law may then protect them no longer."
        ),
        _both(hipaa="45 CFR 164.508(c)(2)(iii)"),
        kinds=frozenset({AUTHORISATION}),
    ),
    Element(
        "signature",
        _("Signature"),
        _("Who signs, the date, and for a representative on what authority."),
        _both(hipaa="45 CFR 164.508(c)(1)(vi)"),
        kinds=frozenset({AUTHORISATION}),
    ),
)
BY_KEY: Mapping[str, Element] = {one.key: one for one in ELEMENTS}
# Of a HIPAA authorisation: six core elements and three statements.
CORE = ("data", "controller", "recipients", "purpose", "expiry", "signature")
STATEMENTS = ("withdrawal", "conditioning", "redisclosure")


def offered(kind: str) -> list[Element]:
    """Return what the words of a kind of form may say, in the order of reading."""
    return [one for one in ELEMENTS if kind in one.kinds]


def required(kind: str, laws: Collection[str], traits: Collection[str]) -> list[Element]:
    """Return what the laws of a clinic want said about a purpose with these traits."""
    return [
        one
        for one in offered(kind)
        if one.article(kind, laws) and (not one.trait or one.trait in traits)
    ]


def missing(
    elements: Mapping[str, str], kind: str, laws: Collection[str], traits: Collection[str]
) -> list[Element]:
    """Return what is required and not said."""
    return [
        one for one in required(kind, laws, traits) if not str(elements.get(one.key, "")).strip()
    ]


def traits(*, level: int, has_recipients: bool, is_abroad: bool) -> frozenset[str]:
    """Return what about a purpose makes elements necessary."""
    said: Iterable[tuple[str, bool]] = (
        (SENSITIVE, level >= SENSITIVE_FROM),
        (RECIPIENTS, has_recipients),
        (ABROAD, is_abroad),
    )
    return frozenset(name for name, holds in said if holds)
