"""Addresses of the audit app."""

from __future__ import annotations

from django.urls import path

from audit.views import alerts, rules

app_name = "audit"
urlpatterns = [
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/<uuid:alert_id>/", alerts.alert, name="alert"),
    path("alerts/<uuid:alert_id>/assign/", alerts.assign, name="alert_assign"),
    path("alerts/<uuid:alert_id>/close/", alerts.close, name="alert_close"),
    path("alerts/<uuid:alert_id>/remember/", alerts.remember, name="alert_remember"),
    path("rules/", rules.rules, name="rules"),
    path("rules/pairs/<uuid:companion_id>/end/", rules.end_pair, name="pair_end"),
    path("rules/<slug:rule_key>/", rules.change, name="rule_change"),
]
