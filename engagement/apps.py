"""Start-up of the engagement app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from patients import tabs
from security.access.permissions import Permission


class EngagementConfig(AppConfig):
    """The relationship with patients, computed under consent."""

    name = "engagement"
    verbose_name = _("Engagement")

    def ready(self) -> None:
        """Let delivery ask for consent when a message leaves; add what others ask of this app."""
        # By name: an app's models can not be imported before all apps are there.
        import_string("engagement.services.outgoing.install")()
        import_string("engagement.queries.timeline_sources.install")()
        import_string("engagement.queries.thread_lines.install")()
        reads = (Permission.APPOINTMENTS_READ, Permission.CONSENT_READ)
        tabs.add(tabs.Tab("relationship", _("Relationship"), reads, "engagement:relationship"))
        messages = (Permission.MESSAGES_READ,)
        tabs.add(tabs.Tab("messages", _("Messages"), messages, "engagement:messages_of"))
        import_string("engagement.services.lead_deletions.install")()
        import_string("engagement.queries.clinic_figures.install")()
        import_string("engagement.queries.feedback_lines.install")()
        import_string("engagement.services.sendings.install")()
        import_string("engagement.queries.campaign_timeline.install")()
        import_string("engagement.sources.install")()
        tabs.add(
            tabs.Tab(
                "appointments",
                _("Appointments"),
                (Permission.APPOINTMENTS_READ,),
                "engagement:appointments",
            )
        )
        import_string("engagement.services.reminders.install")()
        tabs.add(
            tabs.Tab(
                "contact", _("Messages"), (Permission.DEMOGRAPHICS_READ,), "engagement:contact"
            )
        )
