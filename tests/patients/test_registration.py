"""Registering and correcting: every field says why, odd input is asked about, nothing is lost or overwritten."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from audit.queries import records
from patients import demographics, identity
from patients.forms.registration import Details, Registration
from patients.models import (
    CareRelationship,
    Draft,
    NumberSeries,
    Patient,
    PatientIndex,
    RecordVersion,
)
from patients.queries import search
from patients.services import registration, series
from security.classification import PURPOSES, why
from security.sealing.shape import shape_of
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
NEW = "/patients/new/"
# The check mark of 0099001990010112 3 is right: no region begins with a nought.
DIGITS = "00990019900101123"
NUMBER = DIGITS + identity.check_mark(DIGITS)
FILLED = {
    "family": "王", "given": "小明", "other_family": "Wang", "other_given": "Xiaoming",
    "birth_on": "1990-01-01", "birth_precision": "day", "sex": "female", "phone": "13800138000",
    "email": "xm@example.org", "address": "海棠路 2 号", "language": "zh-CN",
    "id_kind": "", "id_number": "", "doctor": "",
}  # fmt: skip


@pytest.fixture
def desk():
    return cast.staff("receptionist")


def send(desk, **changes):
    return cast.browser(desk).post(NEW, FILLED | changes)


def given(**changes):
    form = Registration(FILLED | changes)
    assert form.is_valid(), form.errors
    return form.cleaned_data


def register(desk, **changes):
    with cast.acting(desk):
        return registration.register(fields=demographics.stored(given(**changes)), by=desk)


def test_who_is_registered_has_a_number_and_is_found_at_once(desk):
    answer = send(desk)
    patient = Patient.objects.get()
    assert answer.headers["Location"] == f"/patients/{patient.pk}/"
    with cast.acting(desk):
        assert patient.record_number == "P-000001"
        assert [name["text"] for name in patient.names] == ["王小明", "Xiaoming Wang"]
        assert (patient.birth_on, patient.birth_precision) == (date(1990, 1, 1), "day")
        assert patient.telecoms[0]["value"] == "+8613800138000"
        for typed in ("王小明", "wang xiaoming", "Xiaoming Wang", "8000", "P-000001"):
            assert [hit["name"] for hit in search.find(desk, typed)["hits"]], typed


def test_registering_is_an_event_that_names_fields_and_covers_the_row(desk):
    send(desk)
    (event,) = cast.events("patients.patient.registered")
    patient = Patient.objects.get()
    assert event.subjects == [patient.pk]
    assert "patients.patient.telecoms" in event.fields
    assert "patients.patient.marital_status" not in event.fields
    assert not list(records.verify_rows([patient]))


def test_a_failing_trail_takes_patient_index_and_number_back(desk, monkeypatch):
    def fail(*args, **options):
        raise OSError

    with cast.acting(desk), monkeypatch.context() as patch:
        patch.setattr("security.trail.record", fail)
        with pytest.raises(OSError), transaction.atomic():  # noqa: PT011
            registration.register(fields=demographics.stored(given()), by=desk)
    assert not Patient.objects.exists()
    assert not PatientIndex.objects.exists()
    assert not NumberSeries.objects.exists()


def test_a_doctor_chosen_at_the_desk_is_responsible(desk):
    doctor = cast.staff("physician")
    send(desk, doctor=str(doctor.pk))
    row = CareRelationship.objects.get()
    assert (row.user, row.source) == (doctor, "responsible")
    nobody = cast.staff("finance")
    answer = send(desk, doctor=str(nobody.pk), given="大明")
    assert answer.status_code == 422
    assert Patient.objects.count() == 1


def test_record_numbers_have_no_gap_and_skip_what_an_import_brought(desk):
    register(desk)
    cast.patient(record_number="P-000002")
    with cast.acting(desk), transaction.atomic():
        assert series.take(key=registration.RECORD_NUMBERS) == 2
        transaction.set_rollback(True)
    with cast.acting(desk):
        assert register(desk, given="大明").record_number == "P-000003"
    assert NumberSeries.objects.get().last == 3


def test_registering_ends_the_draft_that_was_kept_while_typing(desk):
    client = cast.browser(desk)
    client.post("/patients/drafts/patient/", FILLED | {"given": "half ty"})
    page = client.get(NEW)
    assert "half ty" in page.content.decode()
    assert "Continued from your draft" in cast.words(page)
    send(desk)
    assert not Draft.objects.exists()


def test_every_field_says_why_it_is_asked_from_its_declaration(desk):
    shown = cast.words(cast.browser(desk).get(NEW))
    declared = shape_of(Patient).fields
    form = Registration()
    asked = set(demographics.STORED_IN.values())
    assert asked <= set(declared)
    for name in asked:
        assert str(why(declared[name].purpose)) in shown, name
    for name, field in form.fields.items():
        stored = demographics.STORED_IN.get(name)
        assert stored is None or field.help_text == str(why(declared[stored].purpose))
    assert len({declared[name].purpose for name in asked}) >= 6
    assert all(str(sentence).endswith(".") for sentence in PURPOSES.values())


def test_only_name_birth_and_sex_are_needed_and_birth_may_be_unknown(desk):
    blank = dict.fromkeys(FILLED, "") | {
        "given": "Mia",
        "sex": "unknown",
        "birth_precision": "none",
    }
    answer = cast.browser(desk).post(NEW, blank)
    assert answer.status_code == 302
    with cast.acting(desk):
        patient = Patient.objects.get()
        assert (patient.birth_on, patient.birth_precision, patient.language) == (None, None, None)
        assert patient.names[0] == {"use": "official", "text": "Mia"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"family": "", "given": ""}, "family"),
        ({"family": "123", "given": "456"}, "family"),
        ({"family": "a\x07b"}, "family"),
        ({"family": "x" * 101}, "family"),
        ({"birth_on": ""}, "birth_on"),
        ({"birth_on": "1899-12-31"}, "birth_on"),
        ({"birth_on": "2023-02-30"}, "birth_on"),
        ({"birth_on": (timezone.localdate() + timedelta(days=2)).isoformat()}, "birth_on"),
        ({"sex": ""}, "sex"),
        ({"sex": "robot"}, "sex"),
        ({"phone": "12"}, "phone"),
        ({"phone": "call me"}, "phone"),
        ({"email": "nobody@"}, "email"),
        ({"language": "tlh"}, "language"),
        ({"id_kind": "NI", "id_number": "<script>"}, "id_number"),
        ({"id_kind": "", "id_number": "X1234567"}, "id_kind"),
        ({"id_kind": "PPN", "id_number": ""}, "id_number"),
        ({"address": "a\x00b"}, "address"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused_beside_its_field(desk, changes, field):
    answer = send(desk, **changes)
    assert answer.status_code == 422
    form = Registration(FILLED | changes)
    assert not form.is_valid()
    assert field in form.errors
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"id_number": NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")}, "check figure"),
        ({"id_number": NUMBER, "birth_on": "1990-01-02"}, "another date of birth"),
        ({"id_number": NUMBER, "sex": "male" if int(NUMBER[16]) % 2 == 0 else "female"}, "another sex"),
        ({"id_number": "00990019900230123X"}, "18 figures"),
        ({"id_number": "12345678"}, "18 figures"),
        ({"id_kind": "", "phone": "+86 154 0000 0001"}, "No network"),
    ],
)  # fmt: skip
def test_what_is_odd_is_asked_about_once_and_kept_when_confirmed(desk, changes, sentence):
    sex = "male" if int(NUMBER[16]) % 2 else "female"
    changes = {"id_kind": "NI", "sex": sex} | changes
    answer = send(desk, **changes)
    assert answer.status_code == 422
    assert sentence in cast.words(answer)
    assert send(desk, **changes, confirmed="on").status_code == 302
    assert Patient.objects.exists()


def test_a_right_identity_number_is_kept_as_fhir_has_it(desk):
    sex = "male" if int(NUMBER[16]) % 2 else "female"
    patient = register(desk, id_kind="NI", id_number=NUMBER.lower(), sex=sex)
    with cast.acting(desk):
        (number,) = Patient.objects.get(pk=patient.pk).identifiers
        assert (number["value"], number["system"]) == (NUMBER, identity.RESIDENT_ID)


def test_what_nobody_sees_is_dropped_from_names_and_joiners_stay(desk):
    patient = register(desk, family="Mu\u200bster\u202e", given="می\u200cخواهم")
    with cast.acting(desk):
        assert patient.names[0]["family"] == "Muster"
        assert patient.names[0]["given"] == ("می\u200cخواهم",)


def test_only_who_writes_numbers_registers(desk):
    for role in ("nurse", "physician", "finance", "engagement", "auditor", "compliance_officer"):
        client = cast.browser(cast.staff(role))
        assert client.get(NEW).status_code == 403, role
        assert client.post(NEW, FILLED).status_code == 403, role
        assert client.post(f"{NEW}doubles/", FILLED).status_code == 403, role
    assert not Patient.objects.exists()
    assert not cast.events("patients.duplicate.looked_for")


# --- correcting -----------------------------------------------------------------------------


def details(client, patient, **changes):
    page = client.get(f"/patients/{patient.pk}/details/")
    form = page.context["form"]
    filled = {
        name: value.isoformat() if isinstance(value, date) else value
        for name in form.fields
        if (value := form[name].value()) not in (None, False)
    }
    return client.post(
        f"/patients/{patient.pk}/details/", filled | {"reason": "spelled wrong"} | changes
    )


def test_a_correction_keeps_the_old_state_and_is_found_by_the_new_name(desk):
    patient = register(desk)
    answer = details(cast.browser(desk), patient, family="汪")
    assert answer.status_code == 302
    with cast.acting(desk):
        row = Patient.objects.get(pk=patient.pk)
        assert (row.version, row.names[0]["text"]) == (2, "汪小明")
        assert search.find(desk, "汪小明")["hits"]
        assert not search.find(desk, "王小明")["hits"]
        assert RecordVersion.objects.get().reason == "spelled wrong"
    (event,) = cast.events("patients.patient.corrected")
    assert event.fields == ["patients.patient.names"]


def test_what_the_form_does_not_show_survives_a_correction(desk):
    names = [
        {"use": "official", "text": "王小明", "family": "王", "given": ["小明"]},
        {"use": "maiden", "text": "李小明"},
    ]
    telecoms = [
        {"system": "phone", "value": "+8613800138000", "use": "mobile"},
        {"system": "phone", "value": "+8613800138001", "use": "work"},
    ]
    numbers = [demographics.number_of("MR", "OLD-1"), demographics.number_of("PPN", "XX1234567")]
    patient = cast.patient(
        names=names, telecoms=telecoms, identifiers=numbers, sex="female", birth_on=date(1990, 1, 1)
    )
    assert details(cast.browser(desk), patient, phone="13800138009").status_code == 302
    with cast.acting(desk):
        row = Patient.objects.get(pk=patient.pk)
        assert [one["value"] for one in row.telecoms] == ["+8613800138009", "+8613800138001"]
        assert [one["text"] for one in row.names] == ["王小明", "李小明"]
        assert [one["value"] for one in row.identifiers] == ["OLD-1", "XX1234567"]
    (event,) = cast.events("patients.patient.corrected")
    assert event.fields == ["patients.patient.telecoms"]


def test_saving_unchanged_makes_no_version(desk):
    patient = register(desk)
    answer = details(cast.browser(desk), patient)
    assert answer.status_code == 302
    assert not RecordVersion.objects.exists()


def test_a_number_is_never_sent_to_the_form_and_may_be_replaced_or_removed(desk):
    patient = register(desk, id_kind="PPN", id_number="XX1234567")
    client = cast.browser(desk)
    assert b"XX1234567" not in client.get(f"/patients/{patient.pk}/details/").content
    assert details(client, patient, id_number="XX7654321").status_code == 302
    with cast.acting(desk):
        assert Patient.objects.get(pk=patient.pk).identifiers[0]["value"] == "XX7654321"
    assert details(client, patient, id_kind="").status_code == 302
    with cast.acting(desk):
        assert not Patient.objects.get(pk=patient.pk).identifiers


def test_a_nurse_corrects_names_and_no_numbers(desk):
    nurse = cast.staff("nurse")
    patient = register(desk, id_kind="PPN", id_number="XX1234567")
    assert cast.browser(nurse).get(f"/patients/{patient.pk}/details/").status_code == 404
    cast.care(nurse, patient)
    client = cast.browser(nurse)
    assert "id_number" not in client.get(f"/patients/{patient.pk}/details/").context["form"].fields
    answer = details(client, patient, phone="13800138009", id_kind="PPN", id_number="EVIL0001")
    assert answer.status_code == 302
    with cast.acting(desk):
        row = Patient.objects.get(pk=patient.pk)
        assert row.telecoms[0]["value"] == "+8613800138009"
        assert row.identifiers[0]["value"] == "XX1234567"
    doctor = cast.staff("physician")
    cast.care(doctor, patient)
    assert cast.browser(doctor).get(f"/patients/{patient.pk}/details/").status_code == 403


@pytest.mark.prove(step=2, full=200)
def test_two_browsers_on_one_record_lose_no_update_unseen(desk, rounds):
    patient = register(desk)
    one, other = cast.browser(desk), cast.browser(cast.staff("receptionist"))
    for number in range(rounds):
        version = 2 * number + 1
        mine = FILLED | {"version": version, "reason": "moved", "address": f"road {number}"}
        theirs = FILLED | {
            "version": version,
            "reason": "called",
            "phone": f"1380013{8100 + number}",
        }
        theirs["address"] = f"road {number - 1}" if number else FILLED["address"]
        url = f"/patients/{patient.pk}/details/"
        assert one.post(url, mine).status_code == 302
        met = other.post(url, theirs)
        assert met.status_code == 409
        assert f"road {number}" in cast.words(met)
        assert "I compared" not in {one.label for one in met.context["differences"]}
        with cast.acting(desk):
            row = Patient.objects.get(pk=patient.pk)
            assert (row.version, row.addresses[0]["text"]) == (version + 1, f"road {number}")
        again = theirs | {"version": version + 1, "address": f"road {number}"}
        answer = other.post(url, again)
        assert answer.status_code == 302
    assert RecordVersion.objects.count() == Patient.objects.get().version - 1


def test_a_draft_of_a_correction_comes_back_with_its_version(desk):
    patient = register(desk)
    client = cast.browser(desk)
    typed = FILLED | {"version": "1", "family": "half", "draft_target": str(patient.pk)}
    client.post(f"/patients/{patient.pk}/drafts/patient/", typed)
    form = client.get(f"/patients/{patient.pk}/details/").context["form"]
    assert (form["family"].value(), form["version"].value()) == ("half", 1)
    assert details(client, patient, family="王").status_code == 302
    assert not Draft.objects.exists()


def test_the_form_of_a_correction_is_a_reasoned_one():
    assert {"version", "reason"} <= set(Details.base_fields)


def test_no_number_waits_in_a_cookie_or_a_session_for_the_next_page(desk):
    client = cast.browser(desk)
    answer = client.post(NEW, FILLED)
    assert answer.status_code == 302
    number = Patient.objects.get().record_number
    kept = [cookie.value for cookie in client.cookies.values()]
    kept += [str(value) for value in client.session.values()]
    assert not [value for value in kept if number in value]
    assert number in cast.words(client.get(answer.url))
