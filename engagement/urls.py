"""Addresses of the engagement app."""

from __future__ import annotations

from django.urls import path

from engagement.views import contact, home, letters, links, reminders, replies

app_name = "engagement"
PATIENT = "patients/<uuid:patient_id>"
urlpatterns = [
    path("", home.home, name="home"),
    # Letters for the post.
    path("letters/", letters.index, name="letters"),
    path("letters/gather/", letters.gather, name="letters_gather"),
    path("letters/<uuid:letters_id>/paper/", letters.paper, name="letters_paper"),
    path("letters/<uuid:letters_id>/posted/", letters.posted, name="letters_posted"),
    # Behind links in messages, which are typed by nobody: short.
    path("a/", links.answer, name="answer"),
    path("s/", links.opt_out, name="opt_out"),
    # How one patient is written to.
    path(f"{PATIENT}/contact/", contact.contact, name="contact"),
    path(f"{PATIENT}/contact/change/", contact.change, name="contact_change"),
    # Reminders.
    path("reminders/", reminders.listed, name="reminders"),
    path("reminders/rules/", reminders.rules, name="reminder_rules"),
    path("reminders/rules/<uuid:service_id>/", reminders.rule, name="reminder_rule"),
    path("reminders/<uuid:reminder_id>/", reminders.handle, name="reminder_handle"),
    # Answers of people.
    path("incoming/sms/", replies.incoming, name="incoming"),
    path("replies/", replies.listed, name="replies"),
    path("replies/<uuid:reply_id>/done/", replies.done, name="reply_done"),
]
