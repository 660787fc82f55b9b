"""Every route by every method for sixteen people, against what the roles say and nothing else.

The expectation is worked out here from the gate's declaration and the roles' grants, without the decision
itself. After each refusal no table may have changed (events, sessions and throttles apart).
"""

import os
import re

import pytest
from django.db import connection, transaction

from security.access.categories import Reach
from security.access.permissions import Permission
from security.access.roles import reach_of
from security.classification import Category
from tests import world
from tests.guards.filling import values
from tests.guards.test_urls import routes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ANSWERED = {200, 301, 302, 303, 400, 405, 409, 422}
SENT_AWAY = {302, 405}
HIDDEN, FORBIDDEN = {404, 405}, {403, 405}
EXEMPT = ("audit_", "django_session", "security_throttle", "django_migrations")
# The requests a person makes in each reduced run; the full run makes all.
REDUCED = ("GET", "POST")
# Deeds that refuse an empty form although the person may do them.
REFUSES_EMPTY = {
    "crm:purpose": "no purpose was stated",
    "security:remove_factor": "the last factor stays",
    "patients:reveal": "no field was named",
    "patients:note_amend": "the note is not signed, or not the person's to change",
    "patients:note_edit": "the note is not the person's to change",
    "patients:note_mistaken": "the note is not the person's to change",
    "patients:note_sign": "the note is not the person's to change",
    "patients:staff_link_end": "no colleague is linked to the patient",
    "patients:team_join": "the unit is no care team",
    "patients:team_leave": "nobody belongs to a care team",
    "patients:withdraw_referral": "nobody was referred",
    "patients:draft": "the form asked for is not the role's",
    "patients:draft_new": "the form asked for is not the role's",
    "patients:refund_decide": "the refund is another patient's",
    "audit:case_restricted_ask": "the case names nobody",
    "audit:case_restricted_approve": "the case names nobody",
    "audit:review_told": "the patient was not to be told by reception",
    "patients:reveal_code": "no line was named, or the purpose is not payment",
    "patients:import_start": "the file was not checked",
    "patients:import_resume": "the import is not paused",
    "patients:import_undo": "the import wrote nothing",
    "consent:copy_fetch": "the copy is being made",
    "consent:copy_tell": "the copy is being made",
    "consent:correction_disagree": "nothing was refused",
    "consent:correction_told": "nothing was corrected",
    "consent:notice_begin": "the clinic has no such law",
    "engagement:appointment_step": "the version that was read is missing",
    "engagement:waiting_withdraw": "the version that was read is missing",
    "engagement:present": "the absence is a colleague's",
}

# Pages about something that is somebody's own: for everybody else it does not exist.
OF_ONE_PERSON = {
    # Whom nobody reached, and what somebody answered, is there for who reaches the patient.
    "engagement:reminder_handle",
    "engagement:reply_done",
    *(
        f"security:export{one}"
        for one in ("", "_approve", "_refuse", "_prepare", "_cancel", "_file")
    ),
    # Which exports there are to ask for follows from what the role reads.
    "security:export_ask",
    # What somebody may not see of the trail is not there.
    "audit:event",
    "audit:resolve",
    # Nothing was sealed, and there is no such event.
    "audit:head",
    "audit:key",
    "audit:receipt",
    # Only who leaves has such a page.
    "patients:leaver",
    "patients:leaver_hand_over",
    # Who may write that part for that patient decides.
    "consent:correction",
    # The request is for a copy.
    "consent:request_corrections",
    # A request is there for who may know of its patient.
    "consent:request",
    "consent:scan",
    # A report that is not made yet has no paper.
    "audit:report_pdf",
    # A receipt names the patient: nobody has it who sees the patient masked.
    "consent:receipt",
    # Ready answers have a page for who keeps them.
    "engagement:canned_change",
    "engagement:canned_retire",
    # The file of nobody's disk, and no picture.
    "engagement:attachment",
    "engagement:attachment_picture",
    # A task is there for who works on it, a plan for who works on one of its steps.
    *(
        f"engagement:task{one}"
        for one in ("", "_take", "_done", "_hand_on", "_postpone", "_give_up")
    ),
    *(f"engagement:plan{one}" for one in ("", "_end")),
    *(f"patients:document{one}" for one in ("", "_page", "_file", "_withdraw")),
}


# Open to everybody once an officer published it; of a draft nobody learns.
UNPUBLISHED = {"consent:public_notice"}
# Open to who brings a secret; nobody here brings one.
SECRET = {"engagement:ics"}
# Open while nobody has an account; where anybody has one, it does not exist for anybody.
BEFORE_ANYBODY = {"security:setup"}


def address(text, known):
    """Return the address of a route, its parameters filled."""
    plain = re.sub(r"[\^$]|\\Z", "", text)
    plain = re.sub(
        r"<(?:\w+:)?(\w+)>", lambda found: str(known[found[1]]), plain.replace("(?P<", "<")
    )
    return "/" + re.sub(r"(?<=[\w-])\)|\.\*\)|\([^)]*\)", "", plain)


def reach(name, permission):
    role = world.PRINCIPALS[name][1]
    return reach_of([role], permission) if role else Reach.NONE


def reaches(name, permission):
    """Tell whether this person reaches the patient of the clinic with a permission."""
    # Specially protected records need a clearance as well, and nobody at this clinic was given one.
    if permission.category is Category.RESTRICTED:
        return False
    wide = reach(name, permission)
    # Messages are read by who cares for the patient; nobody of the clinic writes or has an inbox.
    if permission.category is Category.MESSAGES and wide is Reach.SELF:
        return name in world.IN_TEAM
    return wide is Reach.ALL or (wide is Reach.TEAM and name in world.IN_TEAM)


def expected(name, gate, method, route):
    """Return the statuses that may answer."""
    kind, _, state = world.PRINCIPALS[name]
    if route in BEFORE_ANYBODY and state != "half":
        return HIDDEN
    if route in UNPUBLISHED | SECRET and state != "half":
        return HIDDEN
    if gate.kind == "public":
        return SENT_AWAY if state == "half" else ANSWERED
    if gate.kind == "factor":
        return ANSWERED
    if state != "whole" or name == "disabled":
        return SENT_AWAY
    return HIDDEN if kind == "patient" else expected_of_staff(name, gate, method, route)


def expected_of_staff(name, gate, method, route):
    """Return the statuses that may answer a person of the staff who is signed in."""
    permissions = gate.permissions
    if route.startswith("admin:") and method not in {"GET", "HEAD", "OPTIONS"}:
        permissions = (Permission.ADMINISTRATION_MANAGE,)
    # The administration also asks Django's own permission for each table, and knows what is not there.
    extra = {403, 404} if route.startswith("admin:") else set()
    if method == "POST" and route in REFUSES_EMPTY:
        extra |= {403, 404}
    if route in OF_ONE_PERSON:
        extra.add(404)
    if not gate.of:
        allowed = any(reach(name, one) is not Reach.NONE for one in permissions)
        return ANSWERED | extra if allowed else FORBIDDEN | extra
    if any(reaches(name, one) for one in permissions):
        return ANSWERED | extra
    seen = (Permission.DEMOGRAPHICS_READ, Permission.DEMOGRAPHICS_READ_MASKED)
    return FORBIDDEN if any(reaches(name, one) for one in seen) else HIDDEN


def digests():
    """Return a digest of each table's content."""
    with connection.cursor() as cursor:
        tables = [
            t for t in connection.introspection.table_names(cursor) if not t.startswith(EXEMPT)
        ]
        union = " UNION ALL ".join(
            f"SELECT '{t}', coalesce(md5(string_agg(x::text, '|' ORDER BY x::text)), '') FROM {t} x"
            for t in tables
        )
        cursor.execute(union)
        return dict(cursor.fetchall())


def stirred():
    """Return how many rows of each table this transaction has written so far, undone ones included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
        )
        return {name: rows for name, rows in cursor.fetchall() if not name.startswith(EXEMPT)}


@pytest.mark.prove(step=1, full=7)
@pytest.mark.parametrize("name", world.PRINCIPALS)
def test_everybody_gets_what_the_roles_say_and_nothing_else(name, clinic, record_property):
    known, faults, made = values(clinic, name), [], 0
    methods = METHODS if os.environ.get("CUSTODIA_PROVE") else REDUCED
    client = clinic.client(name)
    # What the first request of anybody leaves behind: the key that seals the details of the own events.
    client.get("/", secure=True)
    session, before, written = client.cookies.output(), digests(), stirred()
    for text, route, pattern in routes():
        url, wrote = address(text, known), False
        for method in methods:
            mark = transaction.savepoint()
            client.cookies.load(session.replace("Set-Cookie: ", ""))
            status = client.generic(method, url, secure=True).status_code
            made += 1
            wanted = expected(name, pattern.callback.gate, method, route)
            if status not in wanted:
                faults.append(f"{method} {route} {url}: {status}, expected one of {sorted(wanted)}")
            earlier, written = written, stirred()
            if status in {403, 404}:
                wrote = wrote or written != earlier
                transaction.savepoint_commit(mark)
            else:
                transaction.savepoint_rollback(mark)
        # What a deed wrote and took back before it refused is counted too, so only the rows tell.
        if wrote and digests() != before:
            faults.append(f"{route}: a refusal changed something")
    record_property("requests", made)
    assert not faults, "\n".join(faults)


def test_a_refusal_of_a_role_says_so_and_an_absent_patient_looks_like_a_hidden_one(clinic):
    client = clinic.client("other_physician")
    absent_id = "01890a5d-ac96-774b-bcce-b302099a8057"
    hidden = client.get(f"/patients/{clinic.patient.pk}/", secure=True)
    absent = client.get(f"/patients/{absent_id}/", secure=True)
    assert hidden.status_code == absent.status_code == 404
    same = {"headers": dict(absent.headers), "body": _without(absent, absent_id)}
    assert same == {
        "headers": dict(hidden.headers),
        "body": _without(hidden, str(clinic.patient.pk)),
    }


def _without(response, address_id):
    # The page repeats the address it was asked for, and a token of its own in every form.
    text = response.content.decode().replace(address_id, "")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


def test_administrators_manage_and_auditors_only_read(clinic):
    lists = [f"/admin/security/{model}/" for model in ("user", "roleassignment", "unit", "datakey")]
    for name in ("administrator", "auditor"):
        browser = clinic.client(name)
        assert {browser.get(url, secure=True).status_code for url in ["/admin/", *lists]} == {200}
    assert (
        clinic.client("administrator").get("/admin/security/unit/add/", secure=True).status_code
        == 200
    )
    assert clinic.client("auditor").get("/admin/security/unit/add/", secure=True).status_code == 403
    assert (
        clinic.client("auditor").post("/admin/security/unit/add/", secure=True).status_code == 403
    )
