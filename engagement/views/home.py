"""Where engagement begins: the parts that somebody may work in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from engagement.queries import (
    answers,
    areas,
    campaigns,
    complaints,
    figures,
    inbox,
    leads,
    outreach,
    work,
)
from engagement.services import letters
from security.access.categories import Reach
from security.access.decision import reach_of_user
from security.access.gate import SignedInRequest, requires
from security.access.permissions import Permission
from security.models import User


@dataclass(frozen=True, slots=True)
class Part:
    """One part of engagement: who works in it, where it is, what it is for."""

    permissions: tuple[Permission, ...]
    url: str
    icon: str
    label: Promise
    sentence: Promise
    # How many things of this part wait for this person.
    waits: Callable[[User], int] | None = None


def _agreements(user: User) -> int:
    """Return how much waits for the agreement of somebody who may give it."""
    if reach_of_user(user, Permission.CAMPAIGNS_APPROVE) is Reach.NONE:
        return 0
    return campaigns.waiting(user)


# Each part adds itself here.
PARTS: tuple[Part, ...] = (
    Part(
        (Permission.MESSAGES_READ,),
        "engagement:inbox",
        "inbox",
        _("Messages"),
        _("What patients write, who answers it, and what still waits."),
        waits=inbox.waits,
    ),
    Part(
        (Permission.MESSAGES_WRITE,),
        "engagement:message_figures",
        "clock",
        _("Response times"),
        _("How fast messages are answered, and what waits too long."),
    ),
    Part(
        (Permission.MESSAGES_WRITE,),
        "engagement:canned",
        "message",
        _("Ready answers"),
        _("Answers that are written often, in both languages."),
    ),
    Part(
        areas.WORKERS,
        "engagement:tasks",
        "list-check",
        _("My tasks"),
        _("What you have to do today, what is late, what comes."),
        work.waits,
    ),
    Part(
        areas.WORKERS,
        "engagement:team",
        "users-group",
        _("Team board"),
        _("Who has what to do, and what nobody has taken yet."),
    ),
    Part(
        areas.WORKERS,
        "engagement:task_figures",
        "chart-bar",
        _("Workload and completion"),
        _("How much everybody has to do, and what was done in time."),
    ),
    Part(
        (*areas.WORKERS, Permission.ADMINISTRATION_MANAGE),
        "engagement:templates",
        "clipboard-list",
        _("Templates of follow-up"),
        _(
            "After a discharge, with a chronic disease, before a vaccination: which steps, when, by whom."
        ),
    ),
    Part(
        leads.WORK,
        "engagement:leads",
        "user-plus",
        _("Enquiries"),
        _("People who asked or were referred to us, from the first contact to the record."),
        leads.waiting,
    ),
    Part(
        complaints.WORK,
        "engagement:complaints",
        "message-circle",
        _("Complaints"),
        _("What people complain of, suggest or praise: each has somebody, a day and an answer."),
        complaints.waiting,
    ),
    Part(
        (Permission.MESSAGES_WRITE, Permission.RIGHTS_MANAGE),
        "engagement:complaint_new",
        "edit",
        _("Write down feedback"),
        _("A complaint, a suggestion, praise, or a worry about data or security."),
    ),
    Part(
        (Permission.CAMPAIGNS_WRITE,),
        "engagement:answers",
        "star",
        _("Survey answers"),
        _("What patients answered after their visits."),
        answers.unread,
    ),
    Part(
        (Permission.CAMPAIGNS_READ, Permission.CAMPAIGNS_WRITE),
        "engagement:surveys",
        "list-check",
        _("Surveys"),
        _("What patients are asked after a visit, if they agreed to be asked."),
    ),
    Part(
        (Permission.INCIDENTS_READ,),
        "engagement:concerns",
        "shield-exclamation",
        _("Concerns about security"),
        _("What patients and colleagues worry about; each one is an alert."),
    ),
    Part(
        figures.READ,
        "engagement:figures",
        "chart-bar",
        _("Figures"),
        _("Today's flow, no-shows, follow-up, satisfaction, consents: charts with their tables."),
    ),
    Part(
        (Permission.CAMPAIGNS_READ, Permission.CAMPAIGNS_APPROVE),
        "engagement:campaigns",
        "speakerphone",
        _("Campaigns"),
        _("Write to many people: within what each allowed, after a second person agreed."),
        _agreements,
    ),
    Part(
        (Permission.CAMPAIGNS_READ, Permission.CAMPAIGNS_APPROVE),
        "engagement:segments",
        "users-group",
        _("Segments"),
        _("Groups of people, described once and worked out each time."),
    ),
    Part(
        (Permission.APPOINTMENTS_READ,),
        "engagement:day",
        "calendar",
        _("Appointments"),
        _("Who comes when: day and week, check-in, the waiting list, absences."),
    ),
    Part(
        (Permission.ADMINISTRATION_READ,),
        "engagement:planning",
        "calendar-time",
        _("Appointment set-up"),
        _("What is offered by appointment, by whom, where and when."),
    ),
    Part(
        (Permission.APPOINTMENTS_READ,),
        "engagement:reminders",
        "bell",
        _("Reminders that reach nobody"),
        _("Who has an appointment soon and is to be called."),
        outreach.call_count,
    ),
    Part(
        (Permission.APPOINTMENTS_READ,),
        "engagement:replies",
        "message-circle",
        _("Answers to messages"),
        _("What people wrote back and no machine understands."),
        outreach.reply_count,
    ),
    Part(
        (Permission.APPOINTMENTS_READ, Permission.ADMINISTRATION_READ),
        "engagement:reminder_rules",
        "clock",
        _("When services remind"),
        _("How long before an appointment, and by which ways."),
    ),
    Part(
        (Permission.DEMOGRAPHICS_ASSIGN,),
        "engagement:letters",
        "printer",
        _("Letters for the post"),
        _("Print what goes by post, and say that it was posted."),
        lambda user: letters.waiting_count(),
    ),
    Part(
        (Permission.CAMPAIGNS_READ,),
        "security:deliveries",
        "send",
        _("Outgoing messages"),
        _("What left for patients, what waits, and what failed."),
    ),
)
WORKS_HERE = (
    Permission.APPOINTMENTS_READ,
    Permission.APPOINTMENTS_WRITE,
    Permission.MESSAGES_WRITE,
    Permission.CAMPAIGNS_READ,
    Permission.CAMPAIGNS_APPROVE,
    Permission.ADMINISTRATION_MANAGE,
)


@require_safe
@requires(*WORKS_HERE)
def home(request: SignedInRequest) -> HttpResponse:
    """Show the parts that this person may work in."""
    parts = [
        {"part": part, "waits": part.waits(request.user) if part.waits else 0}
        for part in PARTS
        if any(reach_of_user(request.user, one) is not Reach.NONE for one in part.permissions)
    ]
    return render(request, "engagement/home.html", {"parts": parts})
