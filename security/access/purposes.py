"""Purposes of use, by their HL7 v3 codes; every access states one."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Purpose(StrEnum):
    """Why data are used now."""

    TREAT = "TREAT"
    ETREAT = "ETREAT"
    HPAYMT = "HPAYMT"
    HOPERAT = "HOPERAT"
    PATADMIN = "PATADMIN"
    HMARKT = "HMARKT"
    PATRQT = "PATRQT"
    HCOMPL = "HCOMPL"
    HSYSADMIN = "HSYSADMIN"

    @property
    def label(self) -> Promise:
        """Return the purpose in words."""
        return PURPOSE_LABELS[self]


PURPOSE_LABELS: dict[Purpose, Promise] = {
    Purpose.TREAT: _("Treatment"),
    Purpose.ETREAT: _("Emergency treatment"),
    Purpose.HPAYMT: _("Payment"),
    Purpose.HOPERAT: _("Healthcare operations"),
    Purpose.PATADMIN: _("Patient administration"),
    Purpose.HMARKT: _("Healthcare marketing"),
    Purpose.PATRQT: _("Patient's request"),
    Purpose.HCOMPL: _("Compliance"),
    Purpose.HSYSADMIN: _("System administration"),
}
