"""Addresses of the engagement app."""

from __future__ import annotations

from django.urls import path

from engagement.views import canned, home, plans, relationship, tasks, thread_steps, threads

app_name = "engagement"
PATIENT = "patients/<uuid:patient_id>"
TASK = "tasks/<uuid:task_id>"
TEMPLATE = "follow-up/<uuid:template_id>"
THREAD = f"{PATIENT}/messages/<uuid:thread_id>"
urlpatterns = [
    path("", home.home, name="home"),
    # Conversations.
    path("messages/", threads.boxes, name="inbox"),
    path("messages/figures/", threads.figures, name="message_figures"),
    path("messages/ready/", canned.listed, name="canned"),
    path("messages/ready/<uuid:canned_id>/", canned.change, name="canned_change"),
    path("messages/ready/<uuid:canned_id>/retire/", canned.retire, name="canned_retire"),
    path(f"{PATIENT}/messages/", threads.of_patient, name="messages_of"),
    path(f"{PATIENT}/messages/new/", threads.new, name="thread_new"),
    path(f"{THREAD}/", threads.thread, name="thread"),
    path(f"{THREAD}/reply/", thread_steps.reply, name="thread_reply"),
    path(f"{THREAD}/draft/", thread_steps.draft, name="thread_draft"),
    path(f"{THREAD}/note/", thread_steps.note, name="thread_note"),
    path(f"{THREAD}/assign/", thread_steps.assign, name="thread_assign"),
    path(f"{THREAD}/take/", thread_steps.take, name="thread_take"),
    path(f"{THREAD}/hand-over/", thread_steps.hand_over, name="thread_hand_over"),
    path(f"{THREAD}/done/", thread_steps.done, name="thread_done"),
    path(f"{THREAD}/reopen/", thread_steps.reopen, name="thread_reopen"),
    path(
        f"{PATIENT}/messages/files/<uuid:attachment_id>/",
        thread_steps.attachment,
        name="attachment",
    ),
    path(
        f"{PATIENT}/messages/files/<uuid:attachment_id>/picture/",
        thread_steps.picture,
        name="attachment_picture",
    ),
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
