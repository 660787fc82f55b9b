"""What a privacy notice must say, law by law: a notice that leaves one of these out is not published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.laws import Law


@dataclass(frozen=True, slots=True)
class Section:
    """One required section: where the law asks for it, and what belongs into it."""

    key: str
    article: str
    label: Promise
    hint: Promise
    # Words that the law fixes; in this language they must stand there as they are.
    fixed: str = ""


HIPAA_HEADER = (
    "THIS NOTICE DESCRIBES HOW MEDICAL INFORMATION ABOUT YOU MAY BE USED AND DISCLOSED AND HOW YOU CAN GET "
    "ACCESS TO THIS INFORMATION. PLEASE REVIEW IT CAREFULLY."
)
FIXED_LANGUAGE = "en"

SECTIONS: Mapping[str, tuple[Section, ...]] = {
    Law.HIPAA: (
        Section(
            "header", "45 CFR 164.520(b)(1)(i)", _("Header"),
            _("The wording of the law, as it is."), HIPAA_HEADER,
        ),
        Section(
            "uses", "164.520(b)(1)(ii)(A)", _("Treatment, payment, operations"),
            _("Uses and disclosures, with at least one example for each."),
        ),
        Section(
            "without", "164.520(b)(1)(ii)(B)", _("Without your authorisation"),
            _("Each other purpose for which the law lets data be used or disclosed."),
        ),
        Section(
            "authorisation", "164.520(b)(1)(ii)(E)", _("Only with your authorisation"),
            _("Psychotherapy notes, marketing, sale; that it may be revoked."),
        ),
        Section(
            "stricter", "164.520(b)(1)(ii)(C)", _("Stricter laws"),
            _("What other laws limit further, such as 42 CFR Part 2; fundraising and its opt-out."),
        ),
        Section(
            "rights", "164.520(b)(1)(iv)", _("Your rights"),
            _("Restriction (self-pay too), confidential channel, access, amendment, accounting, paper."),
        ),
        Section(
            "duties", "164.520(b)(1)(v)", _("Our duties"),
            _("To keep data private, to tell of a breach, to follow this notice, to change it."),
        ),
        Section(
            "complaints", "164.520(b)(1)(vi)", _("Complaints"),
            _("To us and to the Secretary of HHS; that nobody is punished for one."),
        ),
        Section(
            "contact", "164.520(b)(1)(vii)", _("Contact"),
            _("Name or title, and telephone number."),
        ),
    ),
    Law.GDPR: (
        Section(
            "controller", "GDPR 13(1)(a), (b)", _("Controller"),
            _("Who is responsible, the representative, the data protection officer, how to reach them."),
        ),
        Section(
            "purposes", "GDPR 13(1)(c), (d)", _("Purposes and legal bases"),
            _("Each purpose with its basis; legitimate interests where one is used."),
        ),
        Section(
            "recipients", "GDPR 13(1)(e)", _("Recipients"),
            _("Who gets data, or which kinds of people."),
        ),
        Section(
            "transfers", "GDPR 13(1)(f)", _("Transfers abroad"),
            _("Where to and under which safeguards; or that there are none."),
        ),
        Section("retention", "GDPR 13(2)(a)", _("How long"), _("Periods, or how they are found.")),
        Section(
            "rights", "GDPR 13(2)(b), (c)", _("Your rights"),
            _("Access, rectification, erasure, restriction, objection, portability, withdrawal."),
        ),
        Section(
            "complaints", "GDPR 13(2)(d)", _("Complaints"), _("The supervisory authority and its address."),
        ),
        Section(
            "obligation", "GDPR 13(2)(e)", _("Whether you must"),
            _("Whether giving data is obligatory, and what follows if not."),
        ),
        Section(
            "automated", "GDPR 13(2)(f)", _("Automated decisions"),
            _("Whether there are any, their logic and their meaning."),
        ),
        Section(
            "source", "GDPR 14(1)(d), (2)(f)", _("Data from others"),
            _("Which kinds of data come from whom."),
        ),
    ),
    Law.PIPL: (
        Section(
            "handler", "PIPL 17(1)", _("Who handles your data"), _("Name and contact of the handler."),
        ),
        Section(
            "purposes", "PIPL 17(2); NDR 21", _("Purposes, ways and kinds"),
            _("As a list: what is collected, for what, and how it is handled."),
        ),
        Section(
            "sensitive", "PIPL 30", _("Sensitive data"),
            _("Why health data are needed, and what it may mean for the person."),
        ),
        Section(
            "retention", "PIPL 17(2)", _("How long"), _("The period, and what happens afterwards."),
        ),
        Section(
            "sharing", "PIPL 23; NDR 21", _("Sharing"),
            _("As a list: recipient, contact, purpose, way and kinds."),
        ),
        Section(
            "abroad", "PIPL 39", _("Data abroad"),
            _("Recipient, contact, purpose, way, kinds, and how rights are used there; or none."),
        ),
        Section(
            "rights", "PIPL 17(3), 44-50", _("Your rights"),
            _("How to read, copy, transfer, correct, add, delete, limit, close the account, withdraw."),
        ),
        Section(
            "children", "PIPL 31", _("Children under 14"),
            _("The special rules, and the guardian's consent."),
        ),
        Section(
            "changes", "PIPL 17", _("Changes"), _("How changes of this notice are made known."),
        ),
    ),
}  # fmt: skip


def missing(law: str, language: str, said: Mapping[str, str]) -> list[Section]:
    """Return the sections that a text leaves out, or whose fixed words are not as the law has them."""
    return [
        section
        for section in SECTIONS[law]
        if not said.get(section.key, "").strip()
        or (language == FIXED_LANGUAGE and section.fixed not in said.get(section.key, ""))
    ]
