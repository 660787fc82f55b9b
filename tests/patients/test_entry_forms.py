"""What clinical forms refuse, each with a sentence, and what they take as it was meant."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from patients.fhir import export
from patients.models import Condition, MedicationRequest, Observation, Procedure
from patients.queries import wording
from patients.queries.kinds import BY_KEY, WRITTEN
from patients.services import codelists
from tests.patients import cast
from tests.patients.charts import reader
from tests.patients.writing import FORMS, KINDS, add_url, corrected, only, sent, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
TOMORROW = (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%d")
UNSEEN = {
    "NUL": "a\x00b",
    "bell": "a\x07b",
    "override": "a\u202eb",
    "isolate": "a\u2066b",
    "zero width": "a\u200bb",
    "delete": "a\x7fb",
    "carriage": "a\rb",
    "mark": "\ufeffa",
}


def faults(kind, **changes):
    form = FORMS[kind](sent(kind, **changes))
    assert not form.is_valid(), "this was taken"
    return form.errors


def taken(kind, **changes):
    form = FORMS[kind](sent(kind, **changes))
    assert form.is_valid(), form.errors
    return form.cleaned_data


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", UNSEEN.values(), ids=UNSEEN)
def test_characters_that_nobody_sees_are_refused_in_every_text(kind, text):
    form = FORMS[kind](sent(kind, notes=text, code=text))
    assert not form.is_valid()
    assert {"notes", "code"} <= set(form.errors)


@pytest.mark.parametrize("kind", KINDS)
def test_too_long_a_text_is_refused_in_every_field(kind):
    form = FORMS[kind]()
    for name in form.fields:
        errors = faults(kind, **{name: "x" * 20_001})
        assert name in errors, name


@pytest.mark.parametrize("kind", KINDS)
def test_other_scripts_emoji_and_markup_are_kept_letter_by_letter(kind):
    for text in (
        "头痛 🤕 seit gestern",
        "<script>alert(1)</script>",
        'O\'Neil & "x" {{ 1 }}',
        "line\nline",
    ):
        assert taken(kind, notes=text)["notes"] == text


@pytest.mark.parametrize("kind", KINDS)
def test_a_choice_that_was_not_offered_is_refused(kind):
    assert "status" in faults(kind, status="deleted")
    assert "status" in faults(kind, status="entered-in-error")


# Dates


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2019", "2019"),
        ("2019-5", "2019-05"),
        ("2019/5/3", "2019-05-03"),
        ("2019.05.03", "2019-05-03"),
        ("2019年5月3日", "2019-05-03"),
        ("2019年5月", "2019-05"),
        ("２０１９-０５", "2019-05"),
        (" 2019-05-03 ", "2019-05-03"),
    ],
)
def test_a_date_is_as_exact_as_it_was_written(written, meant):
    assert taken("conditions", onset=written)["onset"] == meant


@pytest.mark.parametrize(
    "written",
    ["yesterday", "31-12-2019", "2019-13", "2019-02-30", "0000", "1066", "99999", "2019-05-03 08:00", "20190503", "-2019", "2019--5"],
)  # fmt: skip
def test_a_date_that_is_none_is_refused(written):
    assert "onset" in faults("conditions", onset=written)


@pytest.mark.parametrize(
    ("kind", "field"),
    [("conditions", "onset"), ("conditions", "abated"), ("allergies", "onset"), ("medications", "ordered"),
     ("observations", "measured"), ("procedures", "begins"), ("procedures", "ends"), ("immunizations", "given")],
)  # fmt: skip
def test_the_future_is_refused_where_something_is_over(kind, field):
    assert "future" in str(faults(kind, **{field: TOMORROW})[field])


def test_what_is_planned_may_lie_ahead():
    taken("plans", begins=TOMORROW, ends="2099")
    taken("procedures", begins=TOMORROW, ends="", status="preparation")


@pytest.mark.parametrize("clock", ["8", "24:00", "08:60", "08:00:00", "noon"])
def test_a_time_that_is_none_is_refused(clock):
    assert "measured" in faults("observations", measured=f"2026-01-02 {clock}")
    taken("observations", measured="2026-01-02T08:05")


def test_an_end_before_its_beginning_is_refused_as_far_as_both_are_known():
    assert "abated" in faults("conditions", status="resolved", onset="2019-05", abated="2019-04")
    assert "ends" in faults("plans", begins="2026-03-01", ends="2026-02")
    assert "ends" in faults("procedures", begins="2025-11-02 10:00", ends="2025-11-02 09:59")
    taken("conditions", status="resolved", onset="2019-05", abated="2019")


def test_nothing_happened_before_the_birth_as_far_as_both_are_known():
    patient = cast.patient(birth_on=date(2019, 5, 1), birth_precision="month")
    client = cast.browser(reader("physician", patient))
    for onset, status in (("2019-04-30", 422), ("2018", 422), ("2019-05", 302), ("2019", 302)):
        form = sent("conditions", onset=onset)
        assert client.post(add_url(patient, "conditions"), form).status_code == status, onset


def test_a_problem_that_ended_is_not_active():
    assert "status" in faults("conditions", abated="2021")


def test_a_partial_date_is_shown_and_exported_as_it_was_written():
    patient = cast.patient()
    doctor = reader("physician", patient)
    client = cast.browser(doctor)
    client.post(add_url(patient, "conditions"), sent("conditions", onset="2019-05"))
    page = cast.words(client.get(f"/patients/{patient.pk}/clinical/"))
    assert "May 2019" in page
    client.post(
        url(only("conditions"), "conditions"),
        corrected("conditions", onset="2018", abated="2021-03-04"),
    )
    with cast.acting(doctor):
        row = Condition.objects.get()
        resource = export.resource_of(row)
        assert resource["onsetDateTime"] == "2018"
        assert resource["abatementDateTime"] == "2021-03-04"
        assert export.precision_of(row, "onset_at") == "year"
    client.post(add_url(patient, "plans"), sent("plans"))
    client.post(add_url(patient, "procedures"), sent("procedures", begins="2025-11", ends=""))
    with cast.acting(doctor):
        plan = export.resource_of(only("plans"))
        assert plan["period"] == {"start": "2026-01", "end": "2027"}
        assert export.resource_of(Procedure.objects.get())["performedDateTime"] == "2025-11"


# Numbers


@pytest.mark.parametrize(
    "result",
    ["five", "5,9", "1e5", "--5", "5.9.1", "NaN", "Infinity", "1234567890", "0.1234567", "<5", "½", "5 mmol", "120/80/60"],
)  # fmt: skip
def test_a_value_that_is_no_number_is_refused(result):
    assert "result" in faults("observations", result=result)


@pytest.mark.parametrize(
    ("unit", "result"),
    [("kg", "701"), ("kg", "0"), ("Cel", "390"), ("cm", "17000"), ("mm[Hg]", "1200"), ("%", "-1"), ("/min", "501"), ("mmol/L", "-5")],
)  # fmt: skip
def test_a_value_that_can_not_be_meant_is_refused(unit, result):
    assert "check both" in str(
        faults("observations", result=result, unit=unit, low="", high="")["result"]
    )


def test_a_result_is_either_a_value_or_words():
    assert "result" in faults("observations", result="", words="", low="", high="", unit="")
    assert "words" in faults("observations", words="cloudy")
    assert "unit" in faults("observations", result="", words="cloudy")
    taken("observations", result="", words="cloudy", unit="", low="", high="")


def test_a_range_ends_above_its_beginning():
    assert "high" in faults("observations", low="6", high="5")
    assert "low" in faults("observations", low="abc")


@pytest.mark.parametrize(
    ("result", "low", "high", "code"),
    [("5.9", "3.5", "5.3", "H"), ("3.4", "3.5", "5.3", "L"), ("5.3", "3.5", "5.3", "N"), ("3.5", "3.5", "", "N"),
     ("9", "", "8", "H"), ("5", "", "", None)],
)  # fmt: skip
def test_the_range_judges_the_value(result, low, high, code):
    form = FORMS["observations"](sent("observations", result=result, low=low, high=high))
    assert form.is_valid()
    found = wording.codes(form.values()["interpretations"])
    assert found == ([code] if code else [])


def test_digits_stay_as_they_were_typed():
    form = FORMS["observations"](sent("observations", result="5.90"))
    assert form.is_valid()
    assert str(form.values()["value_number"]) == "5.90"


def test_a_blood_pressure_is_two_judged_parts():
    codelists.load_shipped()
    patient = cast.patient()
    doctor = reader("nurse", patient)
    pressure = sent(
        "observations", code="Blood pressure · 血压", code_code="http://loinc.org|85354-9",
        result="150/79", unit="", low="", high="", category="",
    )  # fmt: skip
    client = cast.browser(doctor)
    assert client.post(add_url(patient, "observations"), pressure).status_code == 302
    with cast.acting(doctor):
        row = Observation.objects.get()
        assert (row.value_text, row.category_code) == ("150/79 mmHg", "vital-signs")
        flags = [wording.codes(part["interpretation"]) for part in row.components]
        assert flags == [["H"], ["N"]]
        resource = export.resource_of(row)
        assert "valueCodeableConcept" not in resource
        assert resource["component"][0]["valueQuantity"]["value"] == 150
    page = cast.words(client.get(f"/patients/{patient.pk}/clinical/"))
    assert "150/79 mmHg" in page
    assert "high" in page


@pytest.mark.parametrize("pair", ["79/150", "80/80", "450/80", "120/5"])
def test_a_blood_pressure_that_can_not_be_is_refused(pair):
    assert "result" in faults("observations", result=pair, unit="", low="", high="")


def test_the_parts_of_an_imported_result_stay_when_its_status_is_corrected():
    patient = cast.patient()
    parts = ({"code": {"text": "Question 1"}, "valueString": "often"},)
    row = Observation.objects.create(
        patient=patient, code_text="Questionnaire", code={"text": "Questionnaire"}, status="final",
        components=parts, value_text="Question 1 often", occurred_at=timezone.now(),
    )  # fmt: skip
    client = cast.browser(reader("physician", patient))
    form = corrected("observations", code="Questionnaire", result="9", unit="kg", low="", high="", category="", measured="2026-01-02", status="amended")  # fmt: skip
    assert client.post(url(row, "observations"), form).status_code == 302
    with cast.acting(cast.staff("physician")):
        row = Observation.objects.get()
        assert (row.components, row.value_number, row.status) == (parts, None, "amended")


def test_a_final_result_that_is_corrected_says_so():
    patient = cast.patient()
    doctor = reader("physician", patient)
    client = cast.browser(doctor)
    client.post(add_url(patient, "observations"), sent("observations"))
    client.post(url(only("observations"), "observations"), corrected("observations"))
    with cast.acting(doctor):
        row = only("observations")
        assert (row.status, row.value_number) == ("corrected", Decimal("4.9"))
        assert wording.codes(row.interpretations) == ["N"]


# Doses, lots, plans


@pytest.mark.parametrize(
    ("dose", "unit", "field"),
    [("0", "mg", "dose"), ("-1", "mg", "dose"), ("20001", "mg", "dose"), ("101", "{tablet}", "dose"), ("", "mg", "dose"),
     ("5", "", "dose_unit"), ("a few", "mg", "dose"), ("5", "bucket", "dose_unit")],
)  # fmt: skip
def test_a_dose_that_can_not_be_meant_is_refused(dose, unit, field):
    assert field in faults("medications", dose=dose, dose_unit=unit)


def test_how_a_medicine_is_taken_is_one_line_and_comes_apart_again():
    form = FORMS["medications"](sent("medications"))
    assert form.is_valid()
    dosage = form.values()["dosages"][0]
    assert dosage["text"] == "2 puff, inhaled, twice a day, only as needed, shake well"
    assert dosage["doseAndRate"][0]["doseQuantity"]["code"] == "{puff}"


def test_what_a_form_made_comes_apart_in_the_other_language_as_well():
    with translation.override("zh-hans"):
        form = FORMS["medications"](sent("medications"))
        assert form.is_valid()
        values = form.values()
    assert "吸入" in values["dosages"][0]["text"]
    row = MedicationRequest(code_text="x", **{name: values[name] for name in ("dosages", "status")})
    assert FORMS["medications"].read(row)["instructions"] == "shake well"


def test_what_another_source_said_of_a_dose_is_not_lost():
    patient = cast.patient()
    before = (
        {"sequence": 1, "text": "one in the morning", "timing": {"repeat": {"frequency": 1}}},
    )
    row = MedicationRequest.objects.create(
        patient=patient, code_text="Salbutamol", status="active", dosages=before, occurred_at=timezone.now(),
    )  # fmt: skip
    doctor = reader("physician", patient)
    with cast.acting(doctor):
        shown = FORMS["medications"].read(row)
    assert shown["instructions"] == "one in the morning"
    form = corrected(
        "medications", code="Salbutamol", often="", instructions="one in the morning", dose="1"
    )
    assert cast.browser(doctor).post(url(row, "medications"), form).status_code == 302
    with cast.acting(doctor):
        after = MedicationRequest.objects.get().dosages[0]
    assert (after["sequence"], after["timing"]) == (1, {"repeat": {"frequency": 1}})
    assert after["doseAndRate"]


@pytest.mark.parametrize("lot", ["💉12", "AB\n12", "-AB", "A" * 41, "<b>"])
def test_a_lot_number_that_is_none_is_refused(lot):
    assert "lot" in faults("immunizations", lot=lot)


def test_a_vaccination_that_was_not_given_says_why():
    assert "notes" in faults("immunizations", status="not-done")


def test_a_plan_has_not_endlessly_many_steps():
    assert "steps" in faults("plans", steps="step\n" * 41)
    assert "steps" in faults("plans", steps="x" * 301)


def test_words_of_a_code_are_taken_as_that_code_and_other_words_lose_it():
    codelists.load_shipped()
    system = "http://hl7.org/fhir/sid/icd-10"
    assert (
        taken("conditions", code="Asthma · 哮喘", code_code=f"{system}|J45.9")["code"].coding[
            "code"
        ]
        == "J45.9"
    )
    assert taken("conditions", code="Migraine")["code"].coding["code"] == "G43.9"
    assert taken("conditions", code="偏头痛")["code"].coding["code"] == "G43.9"
    assert taken("conditions", code="Something else")["code"].coding is None
    for named in ("evil|<script>", f"{system}|nothing", "|", "|||", "x" * 300):
        assert taken("conditions", code="Free words", code_code=named)["code"].coding is None


def test_every_kind_that_is_written_has_a_table():
    assert set(KINDS) == WRITTEN <= set(BY_KEY)
