"""Addresses of the product."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from crm.views import accesses, demo_post, errors, health, home, preferences, search

shell_urls = (
    [
        path("", home.home, name="home"),
        path("search/", search.search, name="search"),
        path("account/accesses/", accesses.accesses, name="accesses"),
        path("language/", preferences.language, name="language"),
        path("theme/", preferences.theme, name="theme"),
        path("purpose/", preferences.purpose, name="purpose"),
        path("demo/post/", demo_post.demo_post, name="demo_post"),
        path("healthz", health.health, name="health"),
    ],
    "crm",
)

urlpatterns = [
    path("", include(shell_urls)),
    path("", include("security.urls")),
    path("audit/", include("audit.urls")),
    path("patients/", include("patients.urls")),
    path("consent/", include("consent.urls")),
    path("engagement/", include("engagement.urls")),
    path("admin/", admin.site.urls),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
