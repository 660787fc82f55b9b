"""Addresses of patients: each names the patient, nothing of the person."""

from __future__ import annotations

from django.urls import path

from patients.views import chart, contacts, drafts, merging, registration, reveal, unassigned

app_name = "patients"

urlpatterns = [
    path("unassigned/", unassigned.unassigned, name="unassigned"),
    path("unassigned/assign/", unassigned.assign, name="assign"),
    path("drafts/<slug:form>/", drafts.keep_new, name="draft_new"),
    path("new/", registration.register, name="register"),
    path("new/doubles/", registration.twins, name="twins"),
    path("<uuid:patient_id>/", chart.summary, name="patient"),
    path("<uuid:patient_id>/timeline/", chart.timeline, name="timeline"),
    path("<uuid:patient_id>/clinical/", chart.clinical, name="clinical"),
    path("<uuid:patient_id>/billing/", chart.billing, name="billing"),
    path("<uuid:patient_id>/contacts/", contacts.contacts, name="contacts"),
    path("<uuid:patient_id>/contacts/new/", contacts.add, name="relation_new"),
    path("<uuid:patient_id>/contacts/<uuid:relation_id>/", contacts.correct, name="relation"),
    path("<uuid:patient_id>/details/", registration.details, name="details"),
    path("<uuid:patient_id>/merge/", merging.choose, name="merge_choose"),
    path("<uuid:patient_id>/merge/<uuid:other_id>/", merging.merge, name="merge"),
    path("<uuid:patient_id>/unmerge/<uuid:merge_id>/", merging.undo, name="unmerge"),
    path("<uuid:patient_id>/access/", chart.access, name="access"),
    path("<uuid:patient_id>/reveal/", reveal.reveal, name="reveal"),
    path("<uuid:patient_id>/drafts/<slug:form>/", drafts.keep, name="draft"),
]
