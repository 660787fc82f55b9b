"""The words of the register: people, retention, channels, measures; constants without a decision in them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from security.classification import Category

PEOPLE: Mapping[str, Promise] = {
    "patients": _("Patients"),
    "children": _("Children under the age of own consent"),
    "relatives": _("Relatives and contacts of patients"),
    "staff": _("Staff"),
    "leads": _("People who asked and are not patients yet"),
}

CHANNELS: Mapping[str, Promise] = {
    "email": _("By e-mail"),
    "sms": _("By text message"),
    "wechat": _("By WeChat"),
    "phone": _("By phone"),
    "post": _("By letter"),
}

# What a rule of retention is called, and for how long it keeps where no other law of the clinic says more.
RETENTIONS: Mapping[str, Promise] = {
    "record": _("As long as the law keeps medical records: outpatient 15 years, inpatient 30"),
    "billing": _("As long as the law keeps accounts"),
    "evidence": _("As long as somebody may ask for proof: six years"),
    "trail": _("As long as the trail is kept: six years"),
    "staff": _("Until the end of employment and of the claims after it"),
    "consent": _("Until the agreement is withdrawn or ends"),
    "purpose": _("Until the purpose is reached"),
}

# Data that say something of somebody's health, or may: legitimate interests never carry them (GDPR 9).
HEALTH = frozenset(
    {
        Category.APPOINTMENTS,
        Category.CLINICAL,
        Category.RESTRICTED,
        Category.BILLING,
        Category.BILL_DIAGNOSIS,
        Category.MESSAGES,
    }
)
# Sensitive in the sense of PIPL 28: health, and accounts of money.
SENSITIVE = HEALTH | {Category.IDENTIFIERS}

# What protects the data whatever they are used for; the record of processing names it (GDPR 30(1)(g)).
MEASURES: tuple[Promise, ...] = (
    _("Fields of level 4 and 5 are encrypted one by one under keys of each person (AES-256-GCM)."),
    _("Every access is decided by role, relationship, purpose and consent, and refused otherwise."),
    _("Every reading and change is recorded in a signed trail that shows any change of itself."),
    _("Everybody signs in with two factors; sessions end when a desk is left."),
    _("Erasure destroys the keys of a person, in the backups as well."),
    _("Backups are encrypted, read back after they are made, and restored for practice."),
)
