"""Addresses of the consent app."""

from __future__ import annotations

from django.urls import path

from consent.views import erasures, home, retention

app_name = "consent"
urlpatterns = [
    path("", home.home, name="home"),
    # Erasures
    path("erasures/", erasures.listed, name="erasures"),
    path("erasures/plan/", erasures.plan, name="erasure_plan"),
    path("erasures/<uuid:erasure_id>/", erasures.erasure, name="erasure"),
    path("erasures/<uuid:erasure_id>/approve/", erasures.approve, name="erasure_approve"),
    path("erasures/<uuid:erasure_id>/give-up/", erasures.give_up, name="erasure_give_up"),
    path("erasures/<uuid:erasure_id>/stop/", erasures.stop, name="erasure_stop"),
    path("erasures/<uuid:erasure_id>/resume/", erasures.resume, name="erasure_resume"),
    path("erasures/<uuid:erasure_id>/progress/", erasures.progress, name="erasure_progress"),
    path(
        "erasures/<uuid:erasure_id>/certificate/<slug:paper>/",
        erasures.certificate,
        name="erasure_certificate",
    ),
    # Retention
    path("retention/", retention.rules, name="retention_rules"),
    path("retention/rules/<slug:retention_key>/", retention.rule, name="retention_rule"),
    path("retention/holds/", retention.hold_list, name="holds"),
    path("retention/holds/<uuid:hold_id>/lift/", retention.lift, name="hold_lift"),
    path("retention/due/", retention.due, name="due"),
    path("retention/runs/<uuid:run_id>/", retention.run, name="run"),
    path("retention/runs/<uuid:run_id>/approve/", retention.run_approve, name="run_approve"),
]
