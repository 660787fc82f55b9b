"""Addresses of patients: each names the patient, nothing of the person."""

from __future__ import annotations

from django.urls import path

from patients.views import batches, chart, drafts, reveal, unassigned

app_name = "patients"

urlpatterns = [
    path("unassigned/", unassigned.unassigned, name="unassigned"),
    path("unassigned/assign/", unassigned.assign, name="assign"),
    path("drafts/<slug:form>/", drafts.keep_new, name="draft_new"),
    path("imports/", batches.index, name="imports"),
    path("imports/upload/", batches.upload, name="import_upload"),
    path("imports/<uuid:batch_id>/", batches.batch, name="import"),
    path("imports/<uuid:batch_id>/progress/", batches.progress, name="import_progress"),
    path("imports/<uuid:batch_id>/match/", batches.match, name="import_match"),
    path("imports/<uuid:batch_id>/start/", batches.start, name="import_start"),
    path("imports/<uuid:batch_id>/resume/", batches.resume, name="import_resume"),
    path("imports/<uuid:batch_id>/cancel/", batches.cancel, name="import_cancel"),
    path("imports/<uuid:batch_id>/undo/", batches.undo, name="import_undo"),
    path("imports/<uuid:batch_id>/errors.csv", batches.errors, name="import_errors"),
    path("<uuid:patient_id>/", chart.summary, name="patient"),
    path("<uuid:patient_id>/timeline/", chart.timeline, name="timeline"),
    path("<uuid:patient_id>/clinical/", chart.clinical, name="clinical"),
    path("<uuid:patient_id>/billing/", chart.billing, name="billing"),
    path("<uuid:patient_id>/access/", chart.access, name="access"),
    path("<uuid:patient_id>/reveal/", reveal.reveal, name="reveal"),
    path("<uuid:patient_id>/drafts/<slug:form>/", drafts.keep, name="draft"),
]
