"""Addresses of signing in and of the own account."""

from __future__ import annotations

from django.urls import path

from security.views import (
    account,
    backups,
    deliveries,
    exports,
    factor,
    forgotten,
    links,
    posture,
    setup,
    sign_in,
)

app_name = "security"
urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/factor/", factor.factor, name="factor"),
    path("sign-in/recovery/", factor.recovery, name="recovery"),
    path("sign-in/enrol/", factor.enrol, name="enrol"),
    path("sign-in/forgotten/", forgotten.forgotten, name="forgotten"),
    path("sign-in/forgotten/sent/", forgotten.sent, name="forgotten_sent"),
    path("link/", links.link, name="link"),
    path("setup/", setup.setup, name="setup"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("signed-out/", sign_in.signed_out, name="signed_out"),
    path("account/", account.account, name="account"),
    path("account/confirm/", account.step_up, name="step_up"),
    path("account/password/", account.password_change, name="password_change"),
    path("account/recovery-codes/", account.renew_recovery_codes, name="recovery_codes"),
    path("account/factors/new/", account.add_factor, name="add_factor"),
    path("account/factors/<uuid:factor_id>/remove/", account.remove_factor, name="remove_factor"),
    path("backups/", backups.index, name="backups"),
    path("backups/run/", backups.run, name="backup_run"),
    path("backups/<uuid:backup_id>/", backups.progress, name="backup"),
    path("deliveries/", deliveries.index, name="deliveries"),
    path("deliveries/retry/", deliveries.retry_all, name="deliveries_retry"),
    path("deliveries/<uuid:message_id>/retry/", deliveries.retry, name="delivery_retry"),
    path("deliveries/<uuid:message_id>/stop/", deliveries.stop, name="delivery_stop"),
    path("posture/", posture.index, name="posture"),
    path("posture/run/", posture.run, name="posture_run"),
    path("posture/<slug:check>/", posture.history, name="posture_check"),
    path("exports/", exports.index, name="exports"),
    path("exports/new/<slug:exporter>/", exports.ask, name="export_ask"),
    path("exports/<uuid:export_id>/", exports.progress, name="export"),
    path("exports/<uuid:export_id>/approve/", exports.approve, name="export_approve"),
    path("exports/<uuid:export_id>/refuse/", exports.refuse, name="export_refuse"),
    path("exports/<uuid:export_id>/prepare/", exports.prepare, name="export_prepare"),
    path("exports/<uuid:export_id>/cancel/", exports.cancel, name="export_cancel"),
    path("exports/<uuid:export_id>/file/", exports.download, name="export_file"),
]
