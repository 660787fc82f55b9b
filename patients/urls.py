"""Addresses of patients: each names the patient, nothing of the person."""

from __future__ import annotations

from django.urls import path

from patients.views import chart, documents, drafts, leaving, reveal, unassigned

app_name = "patients"

urlpatterns = [
    path("unassigned/", unassigned.unassigned, name="unassigned"),
    path("unassigned/assign/", unassigned.assign, name="assign"),
    path("leaving/", leaving.index, name="leaving"),
    path("leaving/<uuid:colleague_id>/", leaving.leaver, name="leaver"),
    path("leaving/<uuid:colleague_id>/hand-over/", leaving.hand_over, name="leaver_hand_over"),
    path("drafts/<slug:form>/", drafts.keep_new, name="draft_new"),
    path("<uuid:patient_id>/", chart.summary, name="patient"),
    path("<uuid:patient_id>/timeline/", chart.timeline, name="timeline"),
    path("<uuid:patient_id>/clinical/", chart.clinical, name="clinical"),
    path("<uuid:patient_id>/billing/", chart.billing, name="billing"),
    path("<uuid:patient_id>/access/", chart.access, name="access"),
    path("<uuid:patient_id>/reveal/", reveal.reveal, name="reveal"),
    path("<uuid:patient_id>/drafts/<slug:form>/", drafts.keep, name="draft"),
    path("<uuid:patient_id>/documents/", documents.index, name="documents"),
    path("<uuid:patient_id>/documents/add/", documents.add, name="document_add"),
    path("<uuid:patient_id>/documents/<uuid:document_id>/", documents.document, name="document"),
    path(
        "<uuid:patient_id>/documents/<uuid:document_id>/pages/<int:number>/",
        documents.picture,
        name="document_page",
    ),
    path(
        "<uuid:patient_id>/documents/<uuid:document_id>/file/", documents.file, name="document_file"
    ),
    path(
        "<uuid:patient_id>/documents/<uuid:document_id>/withdraw/",
        documents.withdraw,
        name="document_withdraw",
    ),
]
