"""Start-up of the engagement app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from patients import tabs
from security.access.permissions import Permission as P

# What tells other apps, in this order.
INSTALLS = (
    "services.outgoing",
    "services.lead_deletions",
    "services.reminders",
    "services.sendings",
    "sources",
    "queries.timeline_sources",
    "queries.thread_lines",
    "queries.campaign_timeline",
    "queries.feedback_lines",
    "queries.clinic_figures",
)
# Tabs of a patient's page: key, label, who sees one of them, address.
TABS = (
    ("appointments", _("Appointments"), (P.APPOINTMENTS_READ,), "appointments"),
    ("relationship", _("Relationship"), (P.APPOINTMENTS_READ, P.CONSENT_READ), "relationship"),
    ("messages", _("Messages"), (P.MESSAGES_READ,), "messages_of"),
    ("contact", _("Contact wishes"), (P.DEMOGRAPHICS_READ,), "contact"),
    ("feedback", _("Feedback"), (P.DEMOGRAPHICS_READ,), "complaint_of_patient"),
)


class EngagementConfig(AppConfig):
    """The relationship with patients, computed under consent."""

    name = "engagement"
    verbose_name = _("Engagement")

    def ready(self) -> None:
        """Let delivery ask for consent when a message leaves; add what others ask of this app."""
        # By name: an app's models can not be imported before all apps are there.
        for one in INSTALLS:
            import_string(f"engagement.{one}.install")()
        for key, label, permissions, address in TABS:
            tabs.add(tabs.Tab(key, label, permissions, f"engagement:{address}"))
