"""Addresses of the consent app."""

from __future__ import annotations

from django.urls import path

from consent.views import calendars, home, letters, request_steps, requests

app_name = "consent"
urlpatterns = [
    path("", home.home, name="home"),
    # The calendar of working days.
    path("calendar/", calendars.year, name="calendar"),
    path("calendar/add/", calendars.add, name="calendar_add"),
    path("calendar/read-in/", calendars.read_in, name="calendar_read_in"),
    path("calendar/take-over/", calendars.take_over, name="calendar_take_over"),
    path("calendar/<uuid:day_id>/", calendars.change, name="calendar_day"),
    path("calendar/<uuid:day_id>/remove/", calendars.remove, name="calendar_remove"),
    # The rights desk.
    path("requests/", requests.desk, name="requests"),
    path("requests/colleague/", requests.new_of_colleague, name="request_of_colleague"),
    path("requests/of/<uuid:patient_id>/", requests.of_patient, name="requests_of"),
    path("requests/of/<uuid:patient_id>/new/", requests.new, name="request_new"),
    path("requests/letters/<uuid:letter_id>/", letters.paper, name="letter"),
    path("requests/letters/<uuid:letter_id>/sent/", letters.send, name="letter_sent"),
    path("requests/<uuid:rights_id>/", requests.one, name="request"),
    path("requests/<uuid:rights_id>/assign/", request_steps.assign, name="request_assign"),
    path("requests/<uuid:rights_id>/identity/", request_steps.identity, name="request_identity"),
    path(
        "requests/<uuid:rights_id>/identity/ask/",
        request_steps.ask_identity,
        name="request_ask_identity",
    ),
    path("requests/<uuid:rights_id>/extend/", request_steps.extend, name="request_extend"),
    path("requests/<uuid:rights_id>/answer/", request_steps.close, name="request_close"),
    path("requests/<uuid:rights_id>/withdraw/", request_steps.withdraw, name="request_withdraw"),
    path("requests/<uuid:rights_id>/join/", request_steps.join, name="request_join"),
    path("requests/<uuid:rights_id>/charge/", request_steps.charge, name="request_charge"),
    path("requests/<uuid:rights_id>/suspend/", request_steps.suspend, name="request_suspend"),
    path("requests/<uuid:rights_id>/case/", request_steps.open_case, name="request_case"),
    path("requests/<uuid:rights_id>/restrict/", request_steps.restrict, name="request_restrict"),
]
