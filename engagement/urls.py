"""Addresses of the engagement app."""

from __future__ import annotations

from django.urls import path

from engagement.views import appointments, calendar, feeds, home, planning, waiting

app_name = "engagement"
PATIENT = "patients/<uuid:patient_id>"
ONE = f"{PATIENT}/appointments/<uuid:appointment_id>"
urlpatterns = [
    path("", home.home, name="home"),
    # Appointments
    path("appointments/", calendar.day, name="day"),
    path("appointments/week/", calendar.week, name="week"),
    path("appointments/today/", calendar.today, name="board"),
    path("appointments/whom/", appointments.whom, name="whom"),
    path("appointments/waiting/", waiting.listed, name="waiting"),
    path("appointments/absences/", planning.absent, name="absences"),
    path("appointments/absences/<uuid:absence_id>/remove/", planning.present, name="present"),
    path("appointments/feed/", feeds.feed, name="feed"),
    path("appointments/feed/issue/", feeds.issue, name="feed_issue"),
    path("appointments/feed/revoke/", feeds.revoke, name="feed_revoke"),
    path("calendar.ics", feeds.ics, name="ics"),
    path("planning/", planning.index, name="planning"),
    path("planning/hours/add/", planning.add_hours, name="hours_add"),
    path("planning/hours/<uuid:hours_id>/remove/", planning.remove_hours, name="hours_remove"),
    path("planning/rooms/add/", planning.room, name="room_add"),
    path("planning/rooms/<uuid:room_id>/", planning.room, name="room"),
    path("planning/services/add/", planning.service, name="service_add"),
    path("planning/services/<uuid:service_id>/", planning.service, name="service"),
    path(f"{PATIENT}/appointments/", appointments.of_patient, name="appointments"),
    path(f"{PATIENT}/appointments/book/", appointments.book, name="book"),
    path(f"{ONE}/", appointments.appointment, name="appointment"),
    path(f"{ONE}/cancel/", appointments.cancel, name="appointment_cancel"),
    path(f"{ONE}/confirm/", appointments.confirm, name="appointment_confirm"),
    path(f"{ONE}/move/", appointments.move, name="appointment_move"),
    path(f"{ONE}/say/<slug:deed>/", appointments.step, name="appointment_step"),
    path(f"{PATIENT}/waiting/add/", waiting.add, name="waiting_add"),
    path(f"{PATIENT}/waiting/<uuid:entry_id>/withdraw/", waiting.withdraw, name="waiting_withdraw"),
    path(f"{PATIENT}/offers/<uuid:offer_id>/accept/", waiting.accept, name="offer_accept"),
    path(f"{PATIENT}/offers/<uuid:offer_id>/decline/", waiting.decline, name="offer_decline"),
]
