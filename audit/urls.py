"""Addresses of the audit app."""

from __future__ import annotations

from django.urls import path

from audit.views import report_schedules, reports

app_name = "audit"
urlpatterns = [
    path("reports/", reports.index, name="reports"),
    path("reports/make/", reports.make, name="report_make"),
    path("reports/schedule/<slug:report_kind>/", report_schedules.edit, name="report_schedule"),
    path("reports/<uuid:report_id>/", reports.report, name="report"),
    path("reports/<uuid:report_id>/progress/", reports.progress, name="report_progress"),
    path("reports/<uuid:report_id>/pdf/<slug:language>/", reports.pdf, name="report_pdf"),
]
