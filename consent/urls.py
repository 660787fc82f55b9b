"""Addresses of the consent app."""

from __future__ import annotations

from django.urls import path

from consent.views import home

app_name = "consent"
urlpatterns = [
    path("", home.home, name="home"),
]
