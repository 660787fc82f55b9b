"""Addresses of the engagement app."""

from __future__ import annotations

from django.urls import path

from engagement.views import (
    canned,
    complaints,
    figures,
    home,
    lead_endings,
    leads,
    plans,
    relationship,
    surveys,
    tasks,
    thread_steps,
    threads,
)

app_name = "engagement"
PATIENT = "patients/<uuid:patient_id>"
TASK = "tasks/<uuid:task_id>"
TEMPLATE = "follow-up/<uuid:template_id>"
THREAD = f"{PATIENT}/messages/<uuid:thread_id>"
COMPLAINT = "complaints/<uuid:complaint_id>"
LEAD = "leads/<uuid:lead_id>"
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
    # Feedback.
    path("answer/", surveys.answer, name="survey"),
    path("answer/thanks/", surveys.thanks, name="survey_thanks"),
    path("answers/", surveys.listed, name="answers"),
    path("answers/<uuid:answer_id>/read/", surveys.look_at, name="answer_read"),
    path("complaints/", complaints.desk, name="complaints"),
    path("complaints/new/", complaints.new, name="complaint_new"),
    path(f"{COMPLAINT}/", complaints.complaint, name="complaint"),
    path(f"{COMPLAINT}/assign/", complaints.assign, name="complaint_assign"),
    path(f"{COMPLAINT}/close/", complaints.close, name="complaint_close"),
    path(f"{COMPLAINT}/extend/", complaints.extend, name="complaint_extend"),
    path(f"{COMPLAINT}/letter/", complaints.letter, name="complaint_letter"),
    path("concerns/", complaints.concerns_listed, name="concerns"),
    path("concerns/<uuid:concern_id>/", complaints.concern, name="concern"),
    path(f"{PATIENT}/complaints/new/", complaints.of_patient, name="complaint_of_patient"),
    path("surveys/", surveys.kept, name="surveys"),
    path("surveys/new/", surveys.make, name="survey_new"),
    path("surveys/<uuid:survey_id>/", surveys.change, name="survey_change"),
    # Figures.
    path("figures/", figures.dashboards, name="figures"),
    # Enquiries.
    path("enquiry/", leads.enquire, name="enquiry"),
    path("enquiry/thanks/", leads.thanks, name="enquiry_thanks"),
    path("leads/", leads.board, name="leads"),
    path("leads/new/", leads.take_down, name="lead_new"),
    path("leads/all/<slug:lead_state>/", leads.column, name="lead_column"),
    path(f"{LEAD}/", leads.lead, name="lead"),
    path(f"{LEAD}/change/", leads.change, name="lead_change"),
    path(f"{LEAD}/convert/", lead_endings.convert, name="lead_convert"),
    path(f"{LEAD}/copy/", lead_endings.copy, name="lead_copy"),
    path(f"{LEAD}/delete/", lead_endings.delete, name="lead_delete"),
    path(f"{LEAD}/join/", lead_endings.join, name="lead_join"),
    path(f"{LEAD}/lose/", leads.lose, name="lead_lose"),
    path(f"{LEAD}/move/", leads.move, name="lead_move"),
]
