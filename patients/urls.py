"""Addresses of patients: each names the patient, nothing of the person."""

from __future__ import annotations

from django.urls import path

from patients.views import (
    batches,
    cashups,
    chart,
    contacts,
    desk,
    documents,
    drafts,
    entries,
    invoices,
    merging,
    payments,
    prices,
    registration,
    reveal,
    unassigned,
)

app_name = "patients"

urlpatterns = [
    path("unassigned/", unassigned.unassigned, name="unassigned"),
    path("unassigned/assign/", unassigned.assign, name="assign"),
    path("drafts/<slug:form>/", drafts.keep_new, name="draft_new"),
    path("codes/<slug:codelist>/", entries.offer, name="codes"),
    path("desk/", desk.bills, name="desk"),
    path("desk/search/", desk.search, name="bill_search"),
    path("desk/claims/", desk.claim_list, name="claims"),
    path("desk/refunds/", desk.refund_list, name="refunds"),
    path("desk/prices/", prices.price_list, name="prices"),
    path("desk/prices/<uuid:price_id>/end/", prices.end, name="price_end"),
    path("desk/cash-up/", cashups.cash_up, name="cash_up"),
    path("new/", registration.register, name="register"),
    path("new/doubles/", registration.twins, name="twins"),
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
    path("<uuid:patient_id>/contacts/", contacts.contacts, name="contacts"),
    path("<uuid:patient_id>/contacts/new/", contacts.add, name="relation_new"),
    path("<uuid:patient_id>/contacts/<uuid:relation_id>/", contacts.correct, name="relation"),
    path("<uuid:patient_id>/details/", registration.details, name="details"),
    path("<uuid:patient_id>/merge/", merging.choose, name="merge_choose"),
    path("<uuid:patient_id>/merge/<uuid:other_id>/", merging.merge, name="merge"),
    path("<uuid:patient_id>/unmerge/<uuid:merge_id>/", merging.undo, name="unmerge"),
    path("<uuid:patient_id>/access/", chart.access, name="access"),
    path("<uuid:patient_id>/reveal/", reveal.reveal, name="reveal"),
    path("<uuid:patient_id>/claims/reveal/", payments.reveal_code, name="reveal_code"),
    path("<uuid:patient_id>/invoices/new/", invoices.new, name="invoice_new"),
    path("<uuid:patient_id>/invoices/<uuid:invoice_id>/", invoices.invoice, name="invoice"),
    path("<uuid:patient_id>/invoices/<uuid:invoice_id>/edit/", invoices.edit, name="invoice_edit"),
    path(
        "<uuid:patient_id>/invoices/<uuid:invoice_id>/issue/", invoices.issue, name="invoice_issue"
    ),
    path(
        "<uuid:patient_id>/invoices/<uuid:invoice_id>/discard/",
        invoices.discard,
        name="invoice_discard",
    ),
    path(
        "<uuid:patient_id>/invoices/<uuid:invoice_id>/cancel/",
        invoices.cancel,
        name="invoice_cancel",
    ),
    path("<uuid:patient_id>/invoices/<uuid:invoice_id>/pay/", payments.pay, name="invoice_pay"),
    path(
        "<uuid:patient_id>/invoices/<uuid:invoice_id>/refund/",
        payments.refund,
        name="invoice_refund",
    ),
    path("<uuid:patient_id>/refunds/<uuid:refund_id>/", payments.decide, name="refund_decide"),
    path("<uuid:patient_id>/statement/", payments.statement, name="statement"),
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
    path("<uuid:patient_id>/allergies/none-known/", entries.none_known, name="none_known"),
    path("<uuid:patient_id>/trend/<uuid:observation_id>/", entries.trend, name="trend"),
    path("<uuid:patient_id>/entries/<slug:kind>/", entries.add, name="entry_add"),
    path(
        "<uuid:patient_id>/entries/<slug:kind>/<uuid:record_id>/",
        entries.correct,
        name="entry_correct",
    ),
    path(
        "<uuid:patient_id>/entries/<slug:kind>/<uuid:record_id>/error/",
        entries.void,
        name="entry_void",
    ),
    path(
        "<uuid:patient_id>/entries/<slug:kind>/<uuid:record_id>/history/",
        entries.past,
        name="entry_history",
    ),
]
