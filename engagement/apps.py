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
        """Let delivery ask for consent whenever a message leaves; add figures, lines, what restores ask."""
        # By name: an app's models can not be imported before all apps are there.
        import_string("engagement.services.outgoing.install")()
        import_string("engagement.services.lead_deletions.install")()
        import_string("engagement.queries.clinic_figures.install")()
        import_string("engagement.queries.feedback_lines.install")()
        tabs.add(
            tabs.Tab(
                "feedback",
                _("Feedback"),
                (Permission.DEMOGRAPHICS_READ,),
                "engagement:complaint_of_patient",
            )
        )
