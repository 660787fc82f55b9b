"""Forms of campaigns: what is said to whom and when, why it is given back, the clinic's limits."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from engagement import wording
from engagement.lanes import CHANNELS, CHOICES
from engagement.models import Campaign, ContactRule, Segment
from engagement.services import campaigns

FASTEST = 6000
_MOMENT = "%Y-%m-%dT%H:%M"


def _title(label: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=wording.LONGEST_TITLE)


def _text(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=wording.LONGEST_TEXT,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 7}),
    )


class Write(forms.Form):
    """What a campaign says, to whom, by which way and when."""

    version = forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("For colleagues; recipients do not see it.")
    )
    lane = forms.ChoiceField(label=_("Lane"), choices=CHOICES)
    channel = forms.ChoiceField(label=_("Way"), choices=list(CHANNELS.items()))
    segment = forms.ChoiceField(label=_("Segment"))
    send_at = forms.DateTimeField(
        label=_("Sent from"),
        input_formats=[_MOMENT],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_MOMENT),
        help_text=_("Not before somebody agreed, and not in the quiet hours."),
    )
    per_minute = forms.IntegerField(
        label=_("Messages a minute"), min_value=1, max_value=FASTEST, initial=60
    )
    title_en = _title(_("Title, English"))
    text_en = _text(_("Text, English"))
    title_zh = _title(_("Title, Chinese"))
    text_zh = _text(_("Text, Chinese"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._segments = {str(one.pk): one for one in campaigns.usable_segments()}
        chosen: Any = self.initial.get("segment")
        if isinstance(chosen, Segment):
            self._segments.setdefault(str(chosen.pk), chosen)
            self.initial["segment"] = str(chosen.pk)
        choices = [(key, one.name) for key, one in self._segments.items()]
        self.fields["segment"].choices = choices  # type: ignore[attr-defined]

    def content(self) -> dict[str, Any]:
        """Return what the campaign is to be."""
        said = self.cleaned_data
        return {
            "name": said["name"],
            "lane": said["lane"],
            "channel": said["channel"],
            "segment": self._segments[said["segment"]],
            "send_at": said["send_at"],
            "per_minute": said["per_minute"],
            "content": {
                "en": {"title": said["title_en"], "text": said["text_en"]},
                "zh-hans": {"title": said["title_zh"], "text": said["text_zh"]},
            },
        }


def initial_of(row: Campaign) -> dict[str, Any]:
    """Return a campaign as its form shows it."""
    found = {name: getattr(row, name) for name in campaigns.FIELDS if name != "content"}
    found["send_at"] = timezone.localtime(row.send_at).replace(second=0, microsecond=0)
    return found | {"version": row.version} | words_of(row.content)


def words_of(content: dict[str, dict[str, str]]) -> dict[str, str]:
    """Return a content as the fields of the form."""
    return {
        f"{part}_{short}": content.get(language, {}).get(part, "")
        for short, language in (("en", "en"), ("zh", "zh-hans"))
        for part in ("title", "text")
    }


class GiveBack(forms.Form):
    """Why a campaign is given back."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class TryOut(forms.Form):
    """In which language it is tried out."""

    language = forms.ChoiceField(label=_("Language"), choices=list(wording.LANGUAGES.items()))


def _hour(label: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )


class Limits(forms.Form):
    """How often and at which hours people are written to."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    most = forms.IntegerField(label=_("Messages at most"), min_value=1, max_value=100)
    days = forms.IntegerField(label=_("Within days"), min_value=1, max_value=366)
    quiet_from = _hour(_("Quiet from"))
    quiet_until = _hour(_("Quiet until"))
    tip_segment = forms.ChoiceField(
        label=_("Monthly security tip for"),
        required=False,
        help_text=_("Without a segment none is prepared."),
    )
    tip_channel = forms.ChoiceField(label=_("Way of the tip"), choices=list(CHANNELS.items()))
    tip_day = forms.IntegerField(label=_("Day of the month"), min_value=1, max_value=28)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._segments = {str(one.pk): one for one in campaigns.usable_segments()}
        choices = [("", _("nobody")), *((key, one.name) for key, one in self._segments.items())]
        self.fields["tip_segment"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Return the hours as they are kept."""
        said = super().clean() or {}
        for name in ("quiet_from", "quiet_until"):
            if said.get(name) is not None:
                said[name] = said[name].strftime("%H:%M")
        return said

    def clean_tip_segment(self) -> Segment | None:
        """Return the segment that was chosen."""
        key = self.cleaned_data["tip_segment"]
        if key and self._segments[key].is_clinical:
            raise ValidationError(_("Tips are for everybody: the record chooses nobody for them."))
        return self._segments[key] if key else None


def limits_of(row: ContactRule) -> dict[str, Any]:
    """Return the limits as their form shows them."""
    names = ("version", "most", "days", "quiet_from", "quiet_until", "tip_channel", "tip_day")
    return {name: getattr(row, name) for name in names} | {
        "tip_segment": str(row.tip_segment_id or "")
    }
