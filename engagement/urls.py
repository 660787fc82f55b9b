"""Addresses of the engagement app."""

from __future__ import annotations

from django.urls import path

from engagement.views import canned, home, thread_steps, threads

app_name = "engagement"
PATIENT = "patients/<uuid:patient_id>"
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
]
