"""What narrows the export of a campaign's list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from engagement.models import Campaign


class OneCampaign(forms.Form):
    """Which campaign."""

    campaign = forms.ChoiceField(label=_("Campaign"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        rows = Campaign.objects.filter(listed_at__isnull=False, segment__is_clinical=False)
        self.fields["campaign"].choices = [  # type: ignore[attr-defined]
            (str(one.pk), one.name) for one in rows.order_by("-listed_at")[:500]
        ]
