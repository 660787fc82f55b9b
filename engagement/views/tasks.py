"""My tasks, the board of the team, figures, and the page of one task with its steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from engagement.forms import tasks as forms
from engagement.models import Area, Task
from engagement.queries import areas, executors, questions, task_figures, task_page, work
from engagement.queries.executors import Executor
from engagement.queries.work import Asked
from engagement.services import tasks
from security.access.gate import (
    Refused,
    SignedInRequest,
    has_fresh_factor,
    requires,
    send_to_step_up,
)


@require_safe
@requires(*areas.WORKERS)
def mine(request: SignedInRequest) -> HttpResponse:
    """Show what the person has to do, what is due first in front."""
    show = request.GET.get("show", "today")
    show = show if show in work.SHOWS else "today"
    found = work.page(request.user, show=show, after=request.GET.get("after", ""))
    page: dict[str, Any] = {
        "rows": found["rows"],
        "show": show,
        "counts": work.counts(request.user),
    }
    if found["next"]:
        page["next_url"] = f"?show={show}&after={found['next']}"
    return render(request, "engagement/tasks/mine.html", page)


@require_safe
@requires(*areas.WORKERS)
def team(request: SignedInRequest) -> HttpResponse:
    """Show who of the team has what to do."""
    units, area = work.choices(request.user), request.GET.get("area", "")
    unit = request.GET.get("unit", "")
    mine_there = areas.of(request.user)
    asked = Asked(unit if unit in dict(units) else "", area if area in mine_there else "")
    page = {
        "board": work.board(request.user, asked),
        "asked": asked,
        "units": units,
        "areas": [one for one in Area.choices if one[0] in mine_there],
    }
    return render(request, "engagement/tasks/team.html", page)


@require_safe
@requires(*areas.WORKERS)
def charts(request: SignedInRequest) -> HttpResponse:
    """Show workload and completion as charts and tables."""
    return render(
        request, "engagement/tasks/figures.html", {"parts": task_figures.of(request.user)}
    )


# --- one task -------------------------------------------------------------------------------


def found(request: SignedInRequest, task_id: UUID) -> Task:
    """Return a task that the person may work on; what is hidden does not exist."""
    try:
        return areas.find(request.user, task_id)
    except Task.DoesNotExist:
        raise Http404 from None


def barrier(request: SignedInRequest, row: Task) -> HttpResponseBase | None:
    """Answer for who may not work on this patient's tasks now, or has to give a fresh factor first."""
    made = areas.decision(request.user, row)
    if made.allowed or (made.step_up and has_fresh_factor(request)):
        return None
    if made.step_up:
        return send_to_step_up(request)
    raise Refused(made.reason)


@require_safe
@requires(*areas.WORKERS)
def task(request: SignedInRequest, task_id: UUID) -> HttpResponseBase:
    """Show one task and what can be done with it."""
    row = found(request, task_id)
    return barrier(request, row) or shown(request, row)


def shown(
    request: SignedInRequest, row: Task, key: str = "", wrong: Form | None = None
) -> HttpResponse:
    """Show a task with its forms; the one that was refused says why."""
    page: dict[str, Any] = {"one": task_page.of(request.user, row), "key": key}
    if row.state == Task.State.OPEN:
        page |= _forms(request, row)
    if wrong is not None:
        page |= {key: wrong, "opened": key, "wrong": wrong}
    return render(request, "engagement/tasks/task.html", page, status=422 if wrong else 200)


def _forms(request: SignedInRequest, row: Task) -> dict[str, Form]:
    start = {"version": row.version}
    people = executors.choices(row.area, row.patient_id, request.user)
    return {
        "done": forms.Done(initial=start, questionnaire=questions.find(row.questions)),
        "handed": forms.HandOn(initial=start, people=people, prefix="handed"),
        "later": forms.Postpone(initial=start, prefix="later"),
        "gone": forms.GiveUp(initial=start, prefix="gone"),
    }


def _after(request: SignedInRequest, task_id: UUID) -> HttpResponseBase:
    """Lead back to the task while the person may work on it, else to the own list."""
    there = areas.visible(request.user).filter(pk=task_id).exists()
    return redirect("engagement:task", task_id) if there else redirect("engagement:tasks")


@require_POST
@requires(*areas.WORKERS)
def take(request: SignedInRequest, task_id: UUID) -> HttpResponseBase:
    """Take a task that nobody has, or another's."""
    row = found(request, task_id)
    if (stopped := barrier(request, row)) is not None:
        return stopped
    try:
        me = Executor(user_id=request.user.pk)
        tasks.assign(task_id=row.pk, version=row.version, executor=me, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal.reason))
    return redirect("engagement:task", row.pk)


@require_POST
@requires(*areas.WORKERS)
def done(request: SignedInRequest, task_id: UUID) -> HttpResponseBase:
    """Note that a task is done."""
    row = found(request, task_id)
    if (stopped := barrier(request, row)) is not None:
        return stopped
    form = forms.Done(request.POST, questionnaire=questions.find(row.questions))
    if form.is_valid():
        said = form.cleaned_data
        try:
            tasks.done(
                task_id=row.pk, version=said["version"], result=said["result"],
                answers=form.answers(), by=request.user,
            )  # fmt: skip
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("Done."))
            return redirect("engagement:tasks")
    return shown(request, row, "done", form)


@require_POST
@requires(*areas.WORKERS)
def hand_on(request: SignedInRequest, task_id: UUID) -> HttpResponseBase:
    """Hand a task on to a colleague or a team."""
    row = found(request, task_id)
    if (stopped := barrier(request, row)) is not None:
        return stopped
    people = executors.choices(row.area, row.patient_id, request.user)
    form = forms.HandOn(request.POST, people=people, prefix="handed")
    if form.is_valid():
        try:
            tasks.hand_on(task_id=row.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            messages.success(request, _("The task was handed on."))
            return _after(request, row.pk)
    return shown(request, row, "handed", form)


@require_POST
@requires(*areas.WORKERS)
def postpone(request: SignedInRequest, task_id: UUID) -> HttpResponseBase:
    """Move the day on which a task is due."""
    row = found(request, task_id)
    if (stopped := barrier(request, row)) is not None:
        return stopped
    form = forms.Postpone(request.POST, prefix="later")
    if form.is_valid():
        try:
            tasks.postpone(task_id=row.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            return redirect("engagement:task", row.pk)
    return shown(request, row, "later", form)


@require_POST
@requires(*areas.WORKERS)
def give_up(request: SignedInRequest, task_id: UUID) -> HttpResponseBase:
    """Give a task up."""
    row = found(request, task_id)
    if (stopped := barrier(request, row)) is not None:
        return stopped
    form = forms.GiveUp(request.POST, prefix="gone")
    if form.is_valid():
        try:
            tasks.cancel(task_id=row.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal.reason))
        else:
            return redirect("engagement:task", row.pk)
    return shown(request, row, "gone", form)
