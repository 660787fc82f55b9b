"""Every action that the product records, and the sentence that screens show for it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, Promise] = {
    "audit.permission.changed": _("Permissions or groups were given or taken."),
    "audit.setting.changed": _("A setting was changed."),
    "audit.setting.created": _("A setting was created."),
    "audit.setting.deleted": _("A setting was deleted."),
    "crm.demo.code_told": _("The one-time code of a demo account was shown."),
    "crm.demo.opened": _("The demo clinic was opened."),
    "patients.bundle.imported": _("Patient records were imported from a bundle."),
    "patients.chart.opened": _("A chart was opened."),
    "patients.identifier.revealed": _("A number of a patient was revealed."),
    "patients.portal.opened": _("A patient's account was linked to a record."),
    "patients.practitioner.linked": _("A practitioner was linked to an account."),
    "patients.relationship.ended": _("A care relationship was ended."),
    "patients.relationship.granted": _("A care relationship was begun."),
    "patients.search.made": _("Patients were searched for."),
    "patients.team.assigned": _("Patients were assigned to a care team."),
    "patients.team.released": _("A patient was released from a care team."),
    "security.access.hidden": _("A page outside the person's reach was asked for and hidden."),
    "security.access.refused": _("Access was refused."),
    "security.clearance.ended": _("A clearance for specially protected records was ended."),
    "security.clearance.granted": _("A clearance for specially protected records was given."),
    "security.factor.dropped": _("An unfinished set-up of a second factor was dropped."),
    "security.factor.enrolled": _("A second factor was set up."),
    "security.factor.guessed": _("Second-factor codes were guessed and the account was slowed."),
    "security.factor.recovery_issued": _("Recovery codes were issued."),
    "security.factor.recovery_used": _("A recovery code was used."),
    "security.factor.recovery_voided": _("Recovery codes were voided."),
    "security.factor.refused": _("A second-factor code was refused."),
    "security.factor.removed": _("A second factor was removed."),
    "security.factor.started": _("The set-up of a second factor was begun."),
    "security.factor.started_anew": _("All second factors of an account were removed."),
    "security.membership.began": _("A membership in a unit began."),
    "security.membership.ended": _("A membership in a unit was ended."),
    "security.message.failed": _("A message could not be sent."),
    "security.message.queued": _("A message was queued."),
    "security.message.sent": _("A message was sent."),
    "security.record.read": _("Records were read."),
    "security.record.resealed": _("Records were sealed again after a field had moved."),
    "security.role.ended": _("A role was ended."),
    "security.role.granted": _("A role was given."),
    "security.seal.broken": _("A sealed value could not be opened."),
    "security.session.expired": _("A session expired."),
    "security.session.purpose_stated": _("A purpose of the work was stated."),
    "security.session.refused": _("A sign-in was refused."),
    "security.session.signed_in": _("Signed in with both factors."),
    "security.session.signed_out": _("Signed out."),
    "security.session.stepped_up": _("The second factor was given again."),
    "security.unit.closed": _("A unit was closed."),
    "security.unit.created": _("A unit was created."),
    "security.unit.renamed": _("A unit was renamed."),
    "security.user.created": _("An account was created."),
    "security.user.deactivated": _("An account was deactivated."),
    "security.user.last_day_set": _("The last day of an account was set."),
    "security.user.password_changed": _("A password was changed."),
    "security.user.password_issued": _("A first password was issued."),
    "security.user.password_rehashed": _("The stored form of a password was renewed."),
    "security.user.reactivated": _("An account was reactivated."),
    "security.user.staff_mark_set": _("Entry to the administration was given or taken."),
}


def sentence(action: str) -> str:
    """Return the sentence of an action; an unknown one, of a later version, shows as its name."""
    return str(SENTENCES.get(action, action))
