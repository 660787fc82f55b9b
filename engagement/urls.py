"""Addresses of the engagement app."""

from __future__ import annotations

from django.urls import path

from engagement.views import campaign_deeds, campaigns, home, segments

app_name = "engagement"
CAMPAIGN = "campaigns/<uuid:campaign_id>"
SEGMENT = "segments/<uuid:segment_id>"
PATIENT = "patients/<uuid:patient_id>"
urlpatterns = [
    path("", home.home, name="home"),
    # Campaigns and their segments.
    path("campaigns/", campaigns.listed, name="campaigns"),
    path("campaigns/new/", campaigns.add, name="campaign_add"),
    path("campaigns/library/", campaigns.pages, name="library"),
    path("campaigns/limits/", campaigns.limits, name="limits"),
    path(f"{CAMPAIGN}/", campaigns.campaign, name="campaign"),
    path(f"{CAMPAIGN}/change/", campaigns.change, name="campaign_change"),
    path(f"{CAMPAIGN}/audience/", campaigns.audience, name="campaign_audience"),
    path(f"{CAMPAIGN}/recipients/", campaigns.recipients, name="campaign_recipients"),
    path(f"{CAMPAIGN}/submit/", campaign_deeds.submit, name="campaign_submit"),
    path(f"{CAMPAIGN}/approve/", campaign_deeds.approve, name="campaign_approve"),
    path(f"{CAMPAIGN}/refuse/", campaign_deeds.refuse, name="campaign_refuse"),
    path(f"{CAMPAIGN}/stop/", campaign_deeds.stop, name="campaign_stop"),
    path(f"{CAMPAIGN}/resume/", campaign_deeds.resume, name="campaign_resume"),
    path(f"{CAMPAIGN}/cancel/", campaign_deeds.cancel, name="campaign_cancel"),
    path(f"{CAMPAIGN}/resend/", campaign_deeds.resend, name="campaign_resend"),
    path(f"{CAMPAIGN}/copy/", campaign_deeds.copy, name="campaign_copy"),
    path(f"{CAMPAIGN}/try/", campaign_deeds.try_out, name="campaign_try"),
    path("segments/", segments.listed, name="segments"),
    path("segments/new/", segments.add, name="segment_add"),
    path(f"{SEGMENT}/", segments.segment, name="segment"),
    path(f"{SEGMENT}/change/", segments.change, name="segment_change"),
    path(f"{SEGMENT}/copy/", segments.copy, name="segment_copy"),
    path(f"{SEGMENT}/approve/", segments.approve, name="segment_approve"),
    path(f"{SEGMENT}/retire/", segments.retire, name="segment_retire"),
]
