"""Django's administration, with our gated site as the default one."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class CustodiaAdminConfig(AdminConfig):
    """Puts the gated site in the place of Django's."""

    default_site = "crm.admin_site.CustodiaAdminSite"
