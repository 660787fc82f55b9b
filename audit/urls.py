"""Addresses of the audit app."""

from __future__ import annotations

from django.urls import path

from audit.views import cases, ledger, reviews, trail, who_saw

CASE, SUBJECT = "cases/<uuid:case_id>", "subjects/<uuid:subject_id>"

app_name = "audit"
urlpatterns = [
    path("cases/", cases.listed, name="cases"),
    path(f"{CASE}/", cases.case, name="case"),
    path(f"{CASE}/assign/", cases.assign, name="case_assign"),
    path(f"{CASE}/close/", cases.close, name="case_close"),
    path(f"{CASE}/name/", cases.name, name="case_name"),
    path(f"{CASE}/{SUBJECT}/agree/", cases.approve_restricted, name="case_restricted_approve"),
    path(f"{CASE}/{SUBJECT}/ask/", cases.ask_restricted, name="case_restricted_ask"),
    path("cases/new/", cases.new, name="case_new"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/head/", ledger.head, name="head"),
    path("ledger/key/", ledger.key, name="key"),
    path("ledger/receipts/<uuid:event_id>/", ledger.receipt, name="receipt"),
    path("reviews/", reviews.queue, name="reviews"),
    path("reviews/<uuid:review_id>/", reviews.review, name="review"),
    path("reviews/<uuid:review_id>/assign/", reviews.assign, name="review_assign"),
    path("reviews/<uuid:review_id>/decide/", reviews.decide, name="review_decide"),
    path("reviews/<uuid:review_id>/told/", reviews.told, name="review_told"),
    path("reviews/to-tell/", reviews.to_tell, name="to_tell"),
    path("trail/", trail.trail, name="trail"),
    path("trail/<uuid:event_id>/", trail.event, name="event"),
    path(f"trail/{SUBJECT}/", trail.resolve, name="resolve"),
    path("who-saw/<uuid:patient_id>/", who_saw.who_saw, name="who_saw"),
    path("who-saw/<uuid:patient_id>/question/", who_saw.question, name="question"),
]
