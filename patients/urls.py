"""Addresses of patients: each names the patient, nothing of the person."""

from __future__ import annotations

from django.urls import path

from patients.views import chart, drafts, note_changes, notes, protection, reveal, unassigned

app_name = "patients"

urlpatterns = [
    path("unassigned/", unassigned.unassigned, name="unassigned"),
    path("unassigned/assign/", unassigned.assign, name="assign"),
    path("drafts/<slug:form>/", drafts.keep_new, name="draft_new"),
    path("<uuid:patient_id>/", chart.summary, name="patient"),
    path("<uuid:patient_id>/timeline/", chart.timeline, name="timeline"),
    path("<uuid:patient_id>/clinical/", chart.clinical, name="clinical"),
    path("<uuid:patient_id>/billing/", chart.billing, name="billing"),
    path("<uuid:patient_id>/access/", chart.access, name="access"),
    path("<uuid:patient_id>/notes/", notes.index, name="notes"),
    path("<uuid:patient_id>/notes/new/", notes.new, name="note_new"),
    path("<uuid:patient_id>/notes/discard/", note_changes.discard, name="note_discard"),
    path("<uuid:patient_id>/notes/<uuid:note_id>/", notes.read, name="note"),
    path("<uuid:patient_id>/notes/<uuid:note_id>/edit/", notes.edit, name="note_edit"),
    path("<uuid:patient_id>/notes/<uuid:note_id>/sign/", notes.sign, name="note_sign"),
    path("<uuid:patient_id>/notes/<uuid:note_id>/addenda/", note_changes.amend, name="note_amend"),
    path(
        "<uuid:patient_id>/notes/<uuid:note_id>/mistaken/",
        note_changes.mark_mistaken,
        name="note_mistaken",
    ),
    path(
        "<uuid:patient_id>/notes/<uuid:note_id>/versions/",
        note_changes.versions,
        name="note_versions",
    ),
    path(
        "<uuid:patient_id>/protection/<slug:kind>/<uuid:record_id>/",
        protection.mark,
        name="protection",
    ),
    path("<uuid:patient_id>/reveal/", reveal.reveal, name="reveal"),
    path("<uuid:patient_id>/drafts/<slug:form>/", drafts.keep, name="draft"),
]
