"""Addresses of the audit app."""

from __future__ import annotations

from django.urls import path

from audit.views import (
    alerts,
    cases,
    ledger,
    report_schedules,
    reports,
    reviews,
    rules,
    trail,
    who_saw,
)

CASE, SUBJECT = "cases/<uuid:case_id>", "subjects/<uuid:subject_id>"

app_name = "audit"
urlpatterns = [
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/<uuid:alert_id>/", alerts.alert, name="alert"),
    path("alerts/<uuid:alert_id>/assign/", alerts.assign, name="alert_assign"),
    path("alerts/<uuid:alert_id>/close/", alerts.close, name="alert_close"),
    path("alerts/<uuid:alert_id>/remember/", alerts.remember, name="alert_remember"),
    path("cases/", cases.listed, name="cases"),
    path("cases/new/", cases.new, name="case_new"),
    path(f"{CASE}/", cases.case, name="case"),
    path(f"{CASE}/assign/", cases.assign, name="case_assign"),
    path(f"{CASE}/close/", cases.close, name="case_close"),
    path(f"{CASE}/name/", cases.name, name="case_name"),
    path(f"{CASE}/{SUBJECT}/agree/", cases.approve_restricted, name="case_restricted_approve"),
    path(f"{CASE}/{SUBJECT}/ask/", cases.ask_restricted, name="case_restricted_ask"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/head/", ledger.head, name="head"),
    path("ledger/key/", ledger.key, name="key"),
    path("ledger/receipts/<uuid:event_id>/", ledger.receipt, name="receipt"),
    path("reports/", reports.index, name="reports"),
    path("reports/make/", reports.make, name="report_make"),
    path("reports/schedule/<slug:report_kind>/", report_schedules.edit, name="report_schedule"),
    path("reports/<uuid:report_id>/", reports.report, name="report"),
    path("reports/<uuid:report_id>/pdf/<slug:language>/", reports.pdf, name="report_pdf"),
    path("reports/<uuid:report_id>/progress/", reports.progress, name="report_progress"),
    path("reviews/", reviews.queue, name="reviews"),
    path("reviews/to-tell/", reviews.to_tell, name="to_tell"),
    path("reviews/<uuid:review_id>/", reviews.review, name="review"),
    path("reviews/<uuid:review_id>/assign/", reviews.assign, name="review_assign"),
    path("reviews/<uuid:review_id>/decide/", reviews.decide, name="review_decide"),
    path("reviews/<uuid:review_id>/letter/<slug:language>/", reviews.letter, name="review_letter"),
    path("reviews/<uuid:review_id>/told/", reviews.told, name="review_told"),
    path("rules/", rules.rules, name="rules"),
    path("rules/pairs/<uuid:companion_id>/end/", rules.end_pair, name="pair_end"),
    path("rules/<slug:rule_key>/", rules.change, name="rule_change"),
    path("trail/", trail.trail, name="trail"),
    path(f"trail/{SUBJECT}/", trail.resolve, name="resolve"),
    path("trail/<uuid:event_id>/", trail.event, name="event"),
    path("who-saw/<uuid:patient_id>/", who_saw.who_saw, name="who_saw"),
    path("who-saw/<uuid:patient_id>/question/", who_saw.question, name="question"),
]
