"""Structured entries: each kind is added, corrected with a reason, followed, and marked when it was a mistake."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.fhir import export, shapes
from patients.fhir.mapping import SHAPES
from patients.models import AllergyIntolerance, Condition, Draft, Patient, RecordVersion
from patients.queries.kinds import BY_KEY
from patients.services import entries
from tests.patients import cast, writing
from tests.patients.charts import reader
from tests.patients.writing import KINDS, add_url, corrected, only, sent, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def patient():
    return cast.patient()


@pytest.fixture
def doctor(patient):
    return reader("physician", patient)


@pytest.fixture
def client(doctor):
    return cast.browser(doctor)


@pytest.fixture
def add(client, patient):
    def write(kind, **changes):
        answer = client.post(add_url(patient, kind), sent(kind, **changes))
        assert answer.status_code == 302, cast.words(answer)
        return only(kind)

    return write


def faults(answer):
    return {name: list(errors) for name, errors in answer.context["form"].errors.items()}


@each_kind
def test_what_is_written_is_stored_shown_and_told(kind, add, client, patient, doctor):
    row = add(kind)
    with cast.acting(doctor):
        assert (row.version, row.patient_id, row.confidentiality) == (1, patient.pk, "N")
        assert row.code_text == writing.WRITTEN[kind][0]["code"]
        form = writing.FORMS[kind].read(row)
    shown = {name: str(form[name]) for name in form}
    for name, value in writing.WRITTEN[kind][0].items():
        assert shown[name] == value, name
    event = cast.events("patients.item.added")[0]
    assert (event.subjects, event.object_id) == ([patient.pk], row.pk)
    page = cast.words(client.get(f"/patients/{patient.pk}/clinical/"))
    assert row.code_text in page


@each_kind
def test_a_correction_is_a_new_version_with_its_reason(kind, add, client, doctor):
    row = add(kind)
    answer = client.post(url(row, kind), corrected(kind))
    assert answer.status_code == 302, faults(answer)
    row = only(kind)
    with cast.acting(doctor):
        assert row.version == 2
        kept = RecordVersion.objects.get()
        assert (kept.row_version, kept.reason, kept.replaced_by) == (1, "typed wrong", doctor)
        form = writing.FORMS[kind].read(row)
    for name, value in writing.WRITTEN[kind][1].items():
        assert str(form[name]) == value, name
    assert [event.object_id for event in cast.events("patients.item.corrected")] == [row.pk]


@each_kind
def test_a_correction_without_a_reason_or_without_a_difference_is_not_saved(kind, add, client):
    row = add(kind)
    assert "reason" in faults(client.post(url(row, kind), corrected(kind, reason=" ")))
    same = sent(kind) | {"version": 1, "reason": "nothing"}
    answer = client.post(url(row, kind), same)
    assert answer.status_code == 422
    assert "Nothing is different" in cast.words(answer)
    assert not RecordVersion.objects.exists()


@each_kind
def test_a_second_writer_sees_all_three_states_and_overwrites_nothing(kind, add, client, patient):
    row = add(kind)
    client.post(url(row, kind), corrected(kind))
    colleague = cast.browser(reader("nurse", patient))
    mine = sent(kind) | {"version": 1, "reason": "mine", "notes": "what I would write"}
    answer = colleague.post(url(row, kind), mine)
    assert answer.status_code == 409
    page = cast.words(answer)
    assert "Somebody changed this meanwhile" in page
    assert "what I would write" in page
    assert only(kind).version == 2
    assert answer.context["form"]["version"].value() == "2"
    again = colleague.post(url(row, kind), mine | {"version": 2})
    assert again.status_code == 302
    assert only(kind).version == 3
    assert RecordVersion.objects.count() == 2


@each_kind
def test_a_mistake_stays_and_says_so(kind, add, client, doctor, patient):
    row = add(kind)
    assert client.get(url(row, kind, "entry_void")).status_code == 200
    form = {"version": 1, "reason": "of another patient"}
    assert client.post(url(row, kind, "entry_void"), form | {"reason": ""}).status_code == 422
    assert client.post(url(row, kind, "entry_void"), form).status_code == 302
    row = only(kind)
    with cast.acting(doctor):
        assert row.version == 2
        assert "entered-in-error" in (row.status, getattr(row, "verification", None))
    client.get("/")  # takes the notice away
    page = cast.words(client.get(f"/patients/{patient.pk}/clinical/"))
    assert "entered in error" in page
    assert "Marked as" not in page
    assert "entered in error" in cast.words(client.get(f"/patients/{patient.pk}/timeline/"))
    assert len(cast.events("patients.item.voided")) == 1
    assert client.post(url(row, kind, "entry_void"), form).status_code == 409
    assert client.post(url(row, kind, "entry_void"), form | {"version": 2}).status_code == 403


@each_kind
def test_the_history_tells_who_changed_what_when_and_why(kind, add, client, patient):
    row = add(kind)
    client.post(url(row, kind), corrected(kind, reason="seen in the letter"))
    page = cast.words(client.get(url(row, kind, "entry_history")))
    for text in (
        "Version 2",
        "Version 1",
        "seen in the letter",
        "The physician",
        "Before",
        "After",
    ):
        assert text in page
    newest, first = client.get(url(row, kind, "entry_history")).context["steps"]
    assert newest.changes
    assert (newest.who, first.who) == ("The physician", "The physician")


@each_kind
def test_an_export_gives_what_was_written_and_reads_the_same_again(kind, add, doctor, client):
    row = add(kind)
    client.post(url(row, kind), corrected(kind))
    row = only(kind)
    with cast.acting(doctor):
        resource = export.resource_of(row)
        shape = SHAPES[resource["resourceType"]]
        assert resource["id"] == str(row.pk)
        assert resource[shape.of] == {"reference": f"Patient/{row.patient_id}"}
        read = shapes.read(shape, resource)
        for name in shape.fields:
            if name != "occurred_at" or read[name]:
                assert read[name] == getattr(row, name), name


@each_kind
def test_who_may_not_write_gets_no_form_and_no_button(kind, add, patient):
    row = add(kind)
    for role, status in (("finance", 403), ("receptionist", 403), ("auditor", 403)):
        other = cast.browser(cast.staff(role))
        assert other.get(url(row, kind)).status_code == status
        assert other.post(url(row, kind), corrected(kind)).status_code == status
        assert other.get(add_url(patient, kind)).status_code == status
    stranger = cast.browser(cast.staff("physician"))
    for page in ("entry_correct", "entry_void", "entry_history"):
        assert stranger.get(url(row, kind, page)).status_code == 404
    assert only(kind).version == 1


@each_kind
def test_an_entry_of_another_patient_is_not_found(kind, add, client, doctor):
    row = add(kind)
    other = cast.patient("Other")
    cast.care(doctor, other)
    address = url(row, kind).replace(str(row.patient_id), str(other.pk))
    assert client.get(address).status_code == 404
    assert client.post(address, corrected(kind)).status_code == 404
    assert only(kind).version == 1


@each_kind
def test_an_entry_that_does_not_open_is_locked_and_never_saved_blank(kind, add, client):
    row = add(kind)
    cast.break_seal(row, "sealed")
    assert client.get(url(row, kind)).status_code == 503
    assert client.post(url(row, kind), corrected(kind)).status_code == 503
    assert only(kind).version == 1
    assert not RecordVersion.objects.exists()


@each_kind
def test_an_empty_form_says_what_is_missing(kind, client, patient):
    answer = client.post(add_url(patient, kind), {})
    assert answer.status_code == 422
    assert "code" in faults(answer)
    assert not BY_KEY[kind].model.objects.exists()


@each_kind
def test_a_draft_comes_back_and_ends_with_the_save(kind, client, patient, doctor):
    draft = f"/patients/{patient.pk}/drafts/{kind}/"
    assert client.post(draft, {"code": "half a wo", "notes": "and more"}).status_code == 200
    page = client.get(add_url(patient, kind))
    assert "This is your draft of" in cast.words(page)
    assert 'value="half a wo"' in page.content.decode()
    assert client.post(add_url(patient, kind), sent(kind)).status_code == 302
    assert not Draft.objects.exists()


def test_a_draft_can_be_thrown_away(client, patient):
    client.post(f"/patients/{patient.pk}/drafts/conditions/", {"code": "half a wo"})
    answer = client.post(add_url(patient, "conditions"), {"drop_draft": "1", "code": "half a wo"})
    assert (answer.status_code, answer.url) == (302, add_url(patient, "conditions"))
    assert not Draft.objects.exists()
    assert not Condition.objects.exists()


@each_kind
def test_a_draft_of_a_correction_is_of_the_version_that_was_read(kind, add, client, patient):
    row = add(kind)
    draft = f"/patients/{patient.pk}/drafts/{kind}/"
    typed = corrected(kind) | {"draft_target": str(row.pk)}
    assert client.post(draft, typed).status_code == 200
    cast.browser(reader("nurse", patient)).post(url(row, kind), corrected(kind, notes="nurse"))
    form = client.get(url(row, kind)).context["form"]
    assert form["version"].value() == 1
    assert client.post(url(row, kind), typed).status_code == 409


def test_the_deed_and_its_event_roll_back_together(patient, doctor, monkeypatch):
    def fail(*args, **options):
        raise OSError

    with cast.acting(doctor), monkeypatch.context() as patch:
        patch.setattr("security.trail.record", fail)
        with pytest.raises(OSError):  # noqa: PT011
            entries.add(
                model=Condition, patient_id=patient.pk, values={"code_text": "Asthma"}, by=doctor
            )
    assert not Condition.objects.exists()
    assert not cast.events("patients.item.added")


def test_an_added_entry_brings_the_patient_to_the_top(add, patient):
    before = Patient.objects.get(pk=patient.pk).last_activity_at
    add("conditions")
    assert Patient.objects.get(pk=patient.pk).last_activity_at > before


def test_the_history_costs_the_same_for_one_version_and_for_ten(add, client):
    row = add("conditions")

    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(url(row, "conditions", "entry_history"))
        return len(queries)

    for version in range(1, 11):
        client.post(
            url(row, "conditions"), corrected("conditions", version, notes=f"note {version}")
        )
        if version == 1:
            one = cost()
    assert only("conditions").version == 11
    assert cost() == one


def test_restricted_is_offered_to_who_may_write_it_and_hides_the_entry(patient):
    cleared = reader("physician", patient, cleared=True)
    client = cast.browser(cleared)
    assert "confidentiality" in client.get(add_url(patient, "conditions")).context["form"].fields
    client.post(add_url(patient, "conditions"), sent("conditions", confidentiality="R"))
    row = only("conditions")
    assert row.confidentiality == "R"
    other = cast.browser(reader("nurse", patient))
    assert "confidentiality" not in other.get(add_url(patient, "plans")).context["form"].fields
    other.post(add_url(patient, "plans"), sent("plans", confidentiality="R"))
    assert only("plans").confidentiality == "N"
    for page in ("entry_correct", "entry_void", "entry_history"):
        assert other.get(url(row, "conditions", page)).status_code == 403
    assert other.post(url(row, "conditions"), corrected("conditions")).status_code == 403
    assert client.post(url(row, "conditions"), corrected("conditions")).status_code == 302


def test_the_draft_of_a_restricted_entry_is_sealed_as_such(patient):
    cleared = reader("physician", patient, cleared=True)
    draft = f"/patients/{patient.pk}/drafts/conditions/"
    cast.browser(cleared).post(draft, {"code": "told in confidence", "confidentiality": "R"})
    with cast.acting(cleared):
        row = Draft.objects.get()
        assert (row.content, row.restricted_content["code"]) == (None, "told in confidence")


def test_a_patient_without_allergies_is_noted_and_the_first_allergy_ends_the_note(
    patient, client, doctor
):
    none = f"/patients/{patient.pk}/allergies/none-known/"
    assert "None recorded" in cast.words(client.get(f"/patients/{patient.pk}/clinical/"))
    assert client.post(none).status_code == 302
    assert "No known allergies" in cast.words(client.get(f"/patients/{patient.pk}/"))
    assert client.post(none).status_code == 403
    client.post(add_url(patient, "allergies"), sent("allergies"))
    with cast.acting(doctor):
        rows = {row.code_text: row.status for row in AllergyIntolerance.objects.all()}
    assert sorted(rows.values()) == ["active", "inactive"]
    assert rows["Penicillin"] == "active"
    assert client.post(none).status_code == 403
    assert "No known allergies" not in cast.words(client.get(f"/patients/{patient.pk}/"))


def test_only_kinds_that_people_write_have_forms(patient, client):
    for kind in ("visits", "reports", "documents", "nonsense", "note"):
        assert client.get(f"/patients/{patient.pk}/entries/{kind}/").status_code == 404
        assert client.post(f"/patients/{patient.pk}/entries/{kind}/").status_code == 404
