"""Addresses of the audit app."""

from __future__ import annotations

from django.urls import path

from audit.views import ledger

app_name = "audit"

urlpatterns = [
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/head/", ledger.head, name="head"),
    path("ledger/key/", ledger.key, name="key"),
    path("ledger/receipts/<uuid:event_id>/", ledger.receipt, name="receipt"),
]
