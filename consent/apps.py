"""Start-up of the consent app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsentConfig(AppConfig):
    """What patients were told, allowed and asked for."""

    name = "consent"
    verbose_name = _("Consent and rights")
