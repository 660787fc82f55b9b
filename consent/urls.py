"""Addresses of the consent app."""

from __future__ import annotations

from django.urls import path

from consent.views import copies, home

app_name = "consent"
urlpatterns = [
    path("", home.home, name="home"),
    path("copies/", copies.waiting, name="copies"),
    path("copies/<uuid:copy_id>/cancel/", copies.cancel, name="copy_cancel"),
    path("copies/<uuid:copy_id>/fetch/", copies.fetch, name="copy_fetch"),
    path("copies/<uuid:copy_id>/passphrase/", copies.tell, name="copy_tell"),
    path("requests/<uuid:rights_id>/copy/", copies.copy, name="copy"),
    path("requests/<uuid:rights_id>/copy/begin/", copies.begin, name="copy_begin"),
]
