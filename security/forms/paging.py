"""Where a list goes on."""

from __future__ import annotations

from django import forms


class After(forms.Form):
    """The last row that was shown."""

    after = forms.UUIDField(required=False)
