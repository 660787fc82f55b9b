"""How long laws want records kept, as the product ships it; counting months with month ends clamped.

What stands here is a default: officers change a rule, with a reason, and their row wins.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

MAJORITY = 18


@dataclass(frozen=True, slots=True)
class Shipped:
    """One rule as it is shipped."""

    key: str
    kind: str
    law: str
    anchor: str
    months: int
    article: str
    minor_months: int | None = None
    days: int = 0


CN_RECORDS = "Medical Record Management Rules 2013 Art. 29; Implementing Rules Art. 53"
US_STATES = "State law, often 6-10 years; minors to majority plus"
HIPAA_SIX = "45 CFR 164.316(b)(2), 164.530(j)"
HOUSE = "Product default"
SHIPPED = (
    Shipped("cn_outpatient", "outpatient", "pipl", "visit", 180, CN_RECORDS),
    Shipped("cn_inpatient", "inpatient", "pipl", "discharge", 360, CN_RECORDS),
    # 1, 2 or 3 years by kind; the longest, as a prescription does not say its kind.
    Shipped(
        "cn_prescription", "prescription", "pipl", "creation", 36, "Prescription Rules Art. 50"
    ),
    Shipped("us_outpatient", "outpatient", "hipaa", "visit", 120, US_STATES, minor_months=120),
    Shipped("us_inpatient", "inpatient", "hipaa", "discharge", 120, US_STATES, minor_months=120),
    Shipped(
        "eu_outpatient", "outpatient", "gdpr", "visit", 120, "National law (Germany: 10 years)"
    ),
    Shipped(
        "eu_inpatient", "inpatient", "gdpr", "discharge", 240, "National law (France: 20 years)"
    ),
    Shipped("cn_bill", "bill", "pipl", "creation", 360, "Accounting Archives Rules (30 years)"),
    Shipped("us_bill", "bill", "hipaa", "creation", 84, "Tax and payer rules (7 years)"),
    Shipped("eu_bill", "bill", "gdpr", "creation", 120, "National tax law (6-10 years)"),
    Shipped("hipaa_consent", "consent", "hipaa", "effect", 72, HIPAA_SIX),
    Shipped("consent", "consent", "", "effect", 72, "GDPR 7(1) and limitation period"),
    Shipped("disclosure", "disclosure", "hipaa", "creation", 72, "45 CFR 164.528"),
    Shipped("message", "message", "", "creation", 24, HOUSE),
    Shipped("request", "request", "", "effect", 72, HOUSE),
    Shipped("staff", "staff", "", "leaving", 72, HOUSE),
    Shipped("lead", "lead", "", "creation", 24, "PIPL 19; product default"),
    Shipped(
        "trail", "trail", "", "creation", 72, "6 years; Cybersecurity Law Art. 23(3): 6 months"
    ),
    Shipped("assessment", "assessment", "pipl", "effect", 36, "PIPL 56"),
    Shipped("sharing", "sharing", "pipl", "creation", 36, "Network Data Regulation Art. 12"),
    Shipped("breach", "breach", "", "creation", 72, "45 CFR 164.530(j), GDPR 33(5)"),
    Shipped("training", "training", "hipaa", "creation", 72, HIPAA_SIX),
    Shipped("backup", "backup", "", "creation", 0, HOUSE, days=35),
)


def later(day: date, months: int) -> date:
    """Return the same day so many months later, or the last day of that month."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def of_age(birth: date) -> date:
    """Return the day on which somebody comes of age."""
    return later(birth, MAJORITY * 12)
