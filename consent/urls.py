"""Addresses of the consent app."""

from __future__ import annotations

from django.urls import path

from consent.views import home, restrictions

app_name = "consent"
urlpatterns = [
    path("", home.home, name="home"),
    path("restrictions/", restrictions.listed, name="restrictions"),
    path(
        "patients/<uuid:patient_id>/restrictions/", restrictions.of_patient, name="restrictions_of"
    ),
    path(
        "patients/<uuid:patient_id>/restrictions/new/", restrictions.new, name="restriction_new"
    ),
    path(
        "patients/<uuid:patient_id>/restrictions/<uuid:restriction_id>/lift/",
        restrictions.lift,
        name="restriction_lift",
    ),
]
