"""Addresses of the engagement app."""

from __future__ import annotations

from django.urls import path

from engagement.views import home, plans, relationship, tasks

app_name = "engagement"
PATIENT = "patients/<uuid:patient_id>"
TASK = "tasks/<uuid:task_id>"
TEMPLATE = "follow-up/<uuid:template_id>"
urlpatterns = [
    path("", home.home, name="home"),
    # Follow-up: tasks, plans and their templates, the relationship with one patient.
    path("tasks/", tasks.mine, name="tasks"),
    path("tasks/team/", tasks.team, name="team"),
    path("tasks/figures/", tasks.charts, name="task_figures"),
    path(f"{TASK}/", tasks.task, name="task"),
    path(f"{TASK}/take/", tasks.take, name="task_take"),
    path(f"{TASK}/done/", tasks.done, name="task_done"),
    path(f"{TASK}/hand-on/", tasks.hand_on, name="task_hand_on"),
    path(f"{TASK}/postpone/", tasks.postpone, name="task_postpone"),
    path(f"{TASK}/give-up/", tasks.give_up, name="task_give_up"),
    path("follow-up/", plans.listed, name="templates"),
    path("follow-up/add/", plans.add, name="template_add"),
    path("follow-up/shipped/", plans.ship, name="templates_ship"),
    path("follow-up/steps/<uuid:step_id>/remove/", plans.remove_step, name="step_remove"),
    path(f"{TEMPLATE}/", plans.template, name="template"),
    path(f"{TEMPLATE}/change/", plans.change, name="template_change"),
    path(f"{TEMPLATE}/steps/add/", plans.add_step, name="step_add"),
    path(f"{PATIENT}/", relationship.index, name="relationship"),
    path(f"{PATIENT}/contacts/new/", relationship.note, name="contact_new"),
    path(f"{PATIENT}/tasks/new/", relationship.new_task, name="task_new"),
    path(f"{PATIENT}/plans/new/", relationship.start, name="plan_start"),
    path(f"{PATIENT}/plans/<uuid:plan_id>/", relationship.plan, name="plan"),
    path(f"{PATIENT}/plans/<uuid:plan_id>/end/", relationship.end, name="plan_end"),
]
