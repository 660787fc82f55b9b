"""Addresses of the engagement app."""

from __future__ import annotations

from django.urls import path

from engagement.views import home

app_name = "engagement"
PATIENT = "patients/<uuid:patient_id>"
urlpatterns = [
    path("", home.home, name="home"),
]
