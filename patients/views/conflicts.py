"""When two people change the same row: the second sees all three states and decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from patients.forms.versioned import differences
from patients.queries import versions
from patients.services.versions import Conflict
from security.access.gate import SignedInRequest


def show(
    request: SignedInRequest,
    conflict: Conflict,
    *,
    form: forms.Form,
    initial_of: Callable[[Any], Mapping[str, Any]],
    page: Mapping[str, Any],
) -> HttpResponse:
    """Answer 409 with what was read, what is stored now and what was typed; the form saves over the latter.

    `form` is the valid form that met the conflict, `initial_of` reads a row as the form shows it, `page` is
    the frame of the page (banner, title, back_url).
    """
    read = versions.at(conflict.row, form.cleaned_data["version"])
    stored = initial_of(conflict.row)
    found = list(
        differences(form, read=initial_of(read) if read is not None else {}, stored=stored)
    )
    sent = cast(QueryDict, form.data).copy()
    sent[form.add_prefix("version")] = str(conflict.row.version)
    form.data = sent
    context = {**page, "form": form, "differences": found}
    return render(request, "patients/conflict.html", context, status=409)
