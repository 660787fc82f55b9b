"""Exports: a purpose, a second person, a count and a digest on the trail, and a link that soon dies."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Event
from audit.queries import records
from patients.models import CareRelationship
from patients.services import relationships
from security.access.gate import Refused
from security.exports import registry
from security.models import Export
from security.sealing import SealBroken, files
from security.services import exports, users
from tests.patients import cast
from tests.security.exporting import HERE, REASON, asked, ready, taken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    return settings.FILES_DIR


@pytest.fixture
def doctor():
    return cast.staff("physician")


@pytest.fixture
def officer():
    return cast.staff("compliance_officer")


@pytest.fixture
def mine(doctor):
    rows = [
        cast.patient(names=[{"text": "=SUM(A1)"}], record_number="R-1"),
        cast.patient("王", "芳", record_number="R-2"),
    ]
    cast.care(doctor, *rows)
    cast.patient("Stranger", record_number="R-3")
    return rows


def test_a_file_holds_what_the_person_reaches_and_nobody_else(doctor, officer, mine):
    text = taken(ready(doctor, officer), doctor).decode("utf-8-sig")
    assert "R-1" in text
    assert "王" in text
    assert "R-3" not in text
    assert "Stranger" not in text
    assert "R-1,'=SUM(A1)," in text
    assert text.splitlines()[-1].count(doctor.handle) == 1


def test_the_trail_holds_who_decided_the_count_and_the_digest(doctor, officer, mine):
    row = ready(doctor, officer)
    content = taken(row, doctor)
    made, took = (
        Event.objects.get(action=f"security.export.{one}") for one in ("prepared", "downloaded")
    )
    assert made.counts["rows"] == took.counts["rows"] == 2
    assert f"sha256:{row.digest}" in made.fields
    assert f"sha256:{row.digest}" in took.fields
    assert took.counts["bytes"] == len(content)
    read = Event.objects.get(action="security.record.read", actor_id=doctor.pk)
    assert set(read.subjects) == {one.pk for one in mine}
    assert Event.objects.filter(action="security.export.approved", actor_id=officer.pk).exists()
    assert not list(records.verify_rows([Export.objects.get(pk=row.pk)]))


def test_what_was_read_and_can_not_be_recorded_gives_no_file(
    doctor, officer, mine, monkeypatch, folder
):
    def fail(here):
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr("security.trail.record_reads", fail)
        with pytest.raises(OSError):  # noqa: PT011
            ready(doctor, officer)
    assert Export.objects.get().state == "preparing"
    assert not Event.objects.filter(action="security.export.prepared").exists()


def test_nobody_approves_the_own_export(officer):
    both = cast.staff("compliance_officer", "physician")
    with cast.acting(both):
        row = exports.request(asked=asked(), by=both)
        with pytest.raises(exports.OwnExport):
            exports.approve(export_id=row.pk, by=both)
        with pytest.raises(exports.OwnExport):
            exports.refuse(export_id=row.pk, reason=REASON, by=both)
    row.decided_by, row.decided_at = both, timezone.now()
    row.advance()
    with pytest.raises(IntegrityError, match="security_export_second_person"), transaction.atomic():
        row.save()


def test_a_refused_export_says_why_and_can_not_be_prepared(doctor, officer):
    with cast.acting(doctor):
        row = exports.request(asked=asked(), by=doctor)
    with cast.acting(officer):
        exports.refuse(export_id=row.pk, reason="Use the recall list instead", by=officer)
        with pytest.raises(exports.NotOpen):
            exports.approve(export_id=row.pk, by=officer)
    with cast.acting(doctor), pytest.raises(exports.NotOpen):
        exports.prepare(export_id=row.pk, sign_in_ref=HERE, by=doctor)
    with cast.acting(doctor):
        assert Export.objects.get().refusal == "Use the recall list instead"


def test_without_approval_nothing_is_prepared(doctor):
    with cast.acting(doctor):
        row = exports.request(asked=asked(), by=doctor)
        with pytest.raises(exports.NotOpen):
            exports.prepare(export_id=row.pk, sign_in_ref=HERE, by=doctor)
    assert exports.produce(export_id=row.pk) is None


def test_the_link_is_of_one_person_one_sign_in_and_fifteen_minutes(doctor, officer, mine):
    row = ready(doctor, officer)
    other = cast.staff("physician")
    with cast.acting(other), pytest.raises(Export.DoesNotExist):
        exports.open_file(export_id=row.pk, sign_in_ref=HERE, by=other)
    with pytest.raises(exports.NotOpen):
        taken(row, doctor, here="another sign-in")
    assert taken(row, doctor)
    assert row.expires_at - timezone.now() < timedelta(minutes=15, seconds=1)
    row.expires_at = timezone.now()
    row.advance()
    row.save()
    with pytest.raises(exports.NotOpen):
        taken(row, doctor)


def test_the_end_of_a_link_deletes_the_file(
    doctor, officer, mine, folder, django_capture_on_commit_callbacks
):
    row = ready(doctor, officer)
    assert files.path_of(row.file_id).exists()
    row.expires_at = timezone.now()
    row.advance()
    row.save()
    with cast.acting(doctor), django_capture_on_commit_callbacks(execute=True):
        assert exports.sweep() == 1
    assert not [path for path in folder.rglob("*") if path.is_file()]
    assert Export.objects.get().state == "over"


def test_a_cancelled_export_stops_and_leaves_no_file(
    doctor, officer, mine, folder, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(exports, "BATCH", 1)
    with cast.acting(doctor):
        row = exports.request(asked=asked(), by=doctor)
    with cast.acting(officer):
        exports.approve(export_id=row.pk, by=officer)
    with cast.acting(doctor):
        exports.prepare(export_id=row.pk, sign_in_ref=HERE, by=doctor)
        real = registry.exporters["patients"].rows

        def rows(user, parameters):
            for cells in real(user, parameters):
                exports.cancel(export_id=row.pk, by=doctor)
                yield cells

        broken = registry.Exporter(
            **{
                name: getattr(registry.exporters["patients"], name)
                for name in ("key", "label", "sentence", "permission", "columns", "form")
            },
            rows=rows,
        )
        monkeypatch.setitem(registry.exporters, "patients", broken)
    assert exports.produce(export_id=row.pk) is None
    assert Export.objects.get().state == "cancelled"
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_a_person_who_lost_the_role_or_the_account_gets_nothing(doctor, officer, mine):
    with cast.acting(doctor):
        row = exports.request(asked=asked(), by=doctor)
    with cast.acting(officer):
        exports.approve(export_id=row.pk, by=officer)
    with cast.acting(doctor):
        exports.prepare(export_id=row.pk, sign_in_ref=HERE, by=doctor)
    admin = cast.staff("administrator")
    with cast.acting(admin):
        users.deactivate(user=doctor, by=admin)
    assert exports.produce(export_id=row.pk).state == "refused"


def test_a_patient_who_left_the_care_before_the_file_was_made_is_not_in_it(doctor, officer, mine):
    with cast.acting(doctor):
        row = exports.request(asked=asked(), by=doctor)
    with cast.acting(officer):
        exports.approve(export_id=row.pk, by=officer)
        tie = CareRelationship.objects.get(patient=mine[0], user=doctor)
        relationships.end(relationship_id=tie.pk, by=officer)
    with cast.acting(doctor):
        exports.prepare(export_id=row.pk, sign_in_ref=HERE, by=doctor)
    exports.produce(export_id=row.pk)
    assert "R-1" not in taken(row, doctor).decode()


@pytest.mark.parametrize(
    ("role", "fields"),
    [
        ("receptionist", {}), ("nurse", {}), ("auditor", {}), ("engagement", {"purpose": "HMARKT"}),
        ("physician", {"purpose": "HMARKT"}), ("physician", {"exporter": "nothing"}),
    ],
)  # fmt: skip
def test_who_may_not_export_is_refused_in_words_and_leaves_no_row(role, fields):
    person = cast.staff(role)
    with cast.acting(person), pytest.raises(Refused):
        exports.request(asked=asked(**fields), by=person)
    assert not Export.objects.exists()


def test_an_approval_older_than_a_day_is_over(doctor, officer):
    with cast.acting(doctor):
        row = exports.request(asked=asked(), by=doctor)
    with cast.acting(officer):
        row = exports.approve(export_id=row.pk, by=officer)
        row.decided_at = timezone.now() - timedelta(hours=25)
        row.advance()
        row.save()
    with cast.acting(doctor), pytest.raises(exports.NotOpen):
        exports.prepare(export_id=row.pk, sign_in_ref=HERE, by=doctor)


def test_an_altered_file_is_not_given_out(doctor, officer, mine):
    row = ready(doctor, officer)
    path = files.path_of(row.file_id)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(SealBroken):
        taken(row, doctor)


# --- pages ----------------------------------------------------------------------------------


def test_the_way_through_the_pages(doctor, officer, mine):
    browser, desk = cast.browser(doctor), cast.browser(officer)
    asking = {"purpose": "TREAT", "kind": "xlsx", "reason": REASON, "since": ""}
    assert browser.post("/exports/new/patients/", asking).status_code == 302
    assert "List of patients" in cast.words(desk.get("/exports/"))
    row = Export.objects.get()
    assert desk.post(f"/exports/{row.pk}/approve/").status_code == 302
    assert browser.post(f"/exports/{row.pk}/prepare/").status_code == 302
    exports.produce(export_id=row.pk)
    answer = browser.get(f"/exports/{row.pk}/file/")
    assert answer.status_code == 200
    assert answer.content[:2] == b"PK"
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert "no-store" in answer["Cache-Control"]
    browser.post("/sign-out/")
    again = cast.browser(doctor)
    assert again.get(f"/exports/{row.pk}/file/").status_code == 403


def test_a_stale_factor_is_asked_for_again_and_the_link_outlives_it(doctor, officer, mine):
    row = ready(doctor, officer)
    browser = cast.stale(cast.browser(doctor))
    answer = browser.get(f"/exports/{row.pk}/file/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/confirm/")


@pytest.mark.parametrize(
    "reason", ["", "x", "           ", "aaaaaaaaaaaaaa", "............", "ab ab ab"]
)
def test_a_reason_that_says_nothing_is_refused(doctor, reason):
    sent = {"purpose": "TREAT", "kind": "csv", "reason": reason}
    assert cast.browser(doctor).post("/exports/new/patients/", sent).status_code == 422
    assert not Export.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        {"kind": "exe"},
        {"purpose": "HSYSADMIN"},
        {"since": "yesterday"},
        {"since": "=1+1"},
        {"kind": ""},
    ],
)
def test_nonsense_in_the_form_is_refused(doctor, sent):
    usual = {"purpose": "TREAT", "kind": "csv", "reason": REASON}
    assert cast.browser(doctor).post("/exports/new/patients/", usual | sent).status_code == 422
    assert not Export.objects.exists()


def test_other_peoples_exports_are_not_found(doctor, officer):
    with cast.acting(doctor):
        row = exports.request(asked=asked(), by=doctor)
    other = cast.browser(cast.staff("physician"))
    for deed in ("prepare", "cancel"):
        assert other.post(f"/exports/{row.pk}/{deed}/").status_code == 404
    assert other.get(f"/exports/{row.pk}/").status_code == 404
    assert other.get(f"/exports/{row.pk}/file/").status_code == 404
    assert other.post(f"/exports/{row.pk}/approve/").status_code == 403
    assert cast.browser(officer).post(f"/exports/{uuid4()}/approve/").status_code == 404
    assert cast.browser(doctor).get("/exports/new/unknown/").status_code == 404


def test_the_list_takes_as_many_queries_for_ten_exports_as_for_one(doctor, officer):
    def count():
        with CaptureQueriesContext(connection) as found:
            assert browser.get("/exports/").status_code == 200
        return len(found)

    browser = cast.browser(doctor)
    with cast.acting(doctor):
        exports.request(asked=asked(), by=doctor)
    browser.get("/exports/")
    one = count()
    with cast.acting(doctor):
        for _ in range(9):
            exports.request(asked=asked(), by=doctor)
    assert count() == one
