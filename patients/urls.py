"""Addresses of patients: each names the patient, nothing of the person."""

from __future__ import annotations

from django.urls import path

from patients.views import (
    chart,
    drafts,
    emergency,
    requests,
    reveal,
    staff_links,
    teams,
    unassigned,
)

app_name = "patients"

urlpatterns = [
    path("unassigned/", unassigned.unassigned, name="unassigned"),
    path("unassigned/assign/", unassigned.assign, name="assign"),
    path("drafts/<slug:form>/", drafts.keep_new, name="draft_new"),
    path("emergency/", emergency.find, name="emergency"),
    path("emergency/review/", emergency.review, name="glass_review"),
    path("handover/", teams.handover, name="handover"),
    path("requests/", requests.requested, name="requests"),
    path("requests/thanks/", requests.asked, name="asked"),
    path("requests/<uuid:request_id>/", requests.answer, name="answer"),
    path("referrals/<uuid:referral_id>/", requests.answer_referral, name="answer_referral"),
    path("referrals/<uuid:referral_id>/withdraw/", requests.withdraw, name="withdraw_referral"),
    path("teams/", teams.listed, name="teams"),
    path("teams/new/", teams.create, name="team_new"),
    path("teams/<uuid:team_id>/join/", teams.join, name="team_join"),
    path("teams/members/<uuid:membership_id>/leave/", teams.leave, name="team_leave"),
    path("<uuid:patient_id>/colleagues/", staff_links.listed, name="staff_links"),
    path(
        "<uuid:patient_id>/colleagues/<uuid:link_id>/end/", staff_links.end, name="staff_link_end"
    ),
    path("<uuid:patient_id>/refer/", requests.refer, name="refer"),
    path("<uuid:patient_id>/request/", requests.ask, name="access_request"),
    path("<uuid:patient_id>/emergency/", emergency.break_glass, name="break_glass"),
    path("<uuid:patient_id>/emergency/end/", emergency.end, name="glass_end"),
    path("<uuid:patient_id>/", chart.summary, name="patient"),
    path("<uuid:patient_id>/timeline/", chart.timeline, name="timeline"),
    path("<uuid:patient_id>/clinical/", chart.clinical, name="clinical"),
    path("<uuid:patient_id>/billing/", chart.billing, name="billing"),
    path("<uuid:patient_id>/access/", chart.access, name="access"),
    path("<uuid:patient_id>/reveal/", reveal.reveal, name="reveal"),
    path("<uuid:patient_id>/drafts/<slug:form>/", drafts.keep, name="draft"),
]
