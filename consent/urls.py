"""Addresses of the consent app."""

from __future__ import annotations

from django.urls import path

from consent.views import assessments, home, inventory, meter, purposes, transfers

app_name = "consent"
urlpatterns = [
    path("", home.home, name="home"),
    # Abroad
    path("abroad/", transfers.register, name="transfers"),
    path("abroad/add/", transfers.add, name="recipient_add"),
    path("abroad/<uuid:recipient_id>/", transfers.change, name="recipient_change"),
    path("abroad/<uuid:recipient_id>/end/", transfers.end, name="recipient_end"),
    # Impact assessments
    path("assessments/", assessments.listed, name="assessments"),
    path("assessments/<uuid:assessment_id>/", assessments.assessment, name="assessment"),
    path("assessments/<uuid:assessment_id>/write/", assessments.write, name="assessment_write"),
    path("assessments/<uuid:assessment_id>/sign/", assessments.sign, name="assessment_sign"),
    path(
        "assessments/<uuid:assessment_id>/pdf/<slug:language>/",
        assessments.pdf,
        name="assessment_pdf",
    ),
    # Inventory
    path("inventory/", inventory.inventory, name="inventory"),
    # Meter
    path("meter/", meter.index, name="meter"),
    path("meter/run/", meter.run, name="meter_run"),
    path("meter/progress/", meter.progress, name="meter_progress"),
    path("meter/of/<slug:field_purpose>/", meter.of_purpose, name="meter_of"),
    # Purposes
    path("purposes/", purposes.listed, name="purposes"),
    path("purposes/add/", purposes.add, name="purpose_add"),
    path("purposes/<uuid:purpose_id>/", purposes.purpose, name="purpose"),
    path("purposes/<uuid:purpose_id>/change/", purposes.change, name="purpose_change"),
    path("purposes/<uuid:purpose_id>/activate/", purposes.activate, name="purpose_activate"),
    path("purposes/<uuid:purpose_id>/retire/", purposes.retire, name="purpose_retire"),
    path("purposes/<uuid:purpose_id>/assess/", assessments.begin, name="assessment_begin"),
]
