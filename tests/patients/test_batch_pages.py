"""The pages of imports: who may, what they show, what they refuse."""

import csv
import io

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients import tasks
from patients.models import ImportBatch, Patient
from patients.services import batches
from security import uploads
from security.models import User
from tests.patients import cast, tables

pytestmark = pytest.mark.django_db
LIST = "/patients/imports/"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    return settings.FILES_DIR


@pytest.fixture
def desk(system):
    return cast.staff("receptionist")


@pytest.fixture
def handed_on(monkeypatch):
    """Count how often work was handed to the queue."""
    calls = []
    monkeypatch.setattr(tasks.work_on_imports, "delay", lambda: calls.append(1))
    return calls


def people(count=3):
    return tables.text_of([tables.person(number) for number in range(count)])


def sent(client, content, kind="patients", name="people.csv"):
    file = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
    return client.post(f"{LIST}upload/", {"importer": kind, "file": file})


def address(batch, deed=""):
    return f"{LIST}{batch.pk}/{deed}"


def matched(batch):
    return {"version": batch.version, "day_order": ""} | {
        f"column_{key}": place for key, place in batch.mapping.items()
    }


@pytest.mark.parametrize(
    ("role", "kinds"),
    [("receptionist", {"patients", "encounters"}), ("finance", {"claims"})],
)
def test_each_role_is_offered_what_it_may_import(system, role, kinds):
    page = cast.browser(cast.staff(role)).get(LIST).content.decode()
    assert {
        kind for kind in ("patients", "encounters", "claims") if f'value="{kind}"' in page
    } == kinds


@pytest.mark.parametrize(
    "role", ["physician", "nurse", "engagement", "compliance_officer", "auditor", "administrator"]
)
def test_other_roles_import_nothing(system, desk, role):
    batch = tables.uploaded(desk, people())
    client = cast.browser(cast.staff(role))
    assert client.get(LIST).status_code == 403
    assert client.get(address(batch)).status_code == 403
    assert sent(client, people()).status_code == 403
    assert ImportBatch.objects.count() == 1


def test_a_file_of_a_kind_that_is_not_the_roles_does_not_exist(desk):
    clerk = cast.browser(cast.staff("finance"))
    batch = tables.uploaded(desk, people())
    assert sent(clerk, people()).status_code == 422
    for deed in ("", "progress/", "errors.csv"):
        assert clerk.get(address(batch, deed)).status_code == 404
    for deed in ("match/", "start/", "resume/", "cancel/", "undo/"):
        assert clerk.post(address(batch, deed)).status_code == 404
    assert "people.csv" not in clerk.get(LIST).content.decode()


def test_a_colleague_of_the_desk_goes_on_with_it(desk, handed_on):
    batch = tables.checked(desk, people())
    other = cast.staff("receptionist")
    client = cast.browser(other)
    assert "people.csv" in client.get(LIST).content.decode()
    begun = client.post(address(batch, "start/"), {"version": batch.version})
    assert begun.status_code == 302
    assert handed_on == [1]
    tables.worked(batch)
    assert {event.actor_id for event in cast.events("patients.import.rows_imported")} == {other.pk}


def test_the_whole_way_by_the_pages(desk, handed_on):
    client = cast.browser(desk)
    answer = sent(client, people())
    batch = ImportBatch.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, address(batch))
    assert "Muster1" in client.get(address(batch)).content.decode()
    assert client.post(address(batch, "match/"), matched(batch)).status_code == 302
    fragment = client.get(address(batch, "progress/"))
    assert 'hx-trigger="every 2s"' in fragment.content.decode()
    assert "HX-Refresh" not in fragment
    tasks.work_on_imports()
    assert client.get(address(batch, "progress/"))["HX-Refresh"] == "true"
    page = cast.words(client.get(address(batch)))
    assert "What the import would do" in page
    assert "Import all rows" in page
    client.post(address(batch, "start/"), {"version": ImportBatch.objects.get().version})
    tasks.work_on_imports()
    assert Patient.objects.count() == 3
    assert "Undo this import" in cast.words(client.get(address(batch)))
    client.post(address(batch, "undo/"))
    tasks.work_on_imports()
    assert Patient.objects.count() == 0
    assert "was taken back" in cast.words(client.get(address(batch)))
    assert len(handed_on) == 3


def test_a_refused_file_is_explained_on_the_form(desk):
    answer = sent(cast.browser(desk), b"PK\x03\x04 [Content_Types].xml", name="people.csv")
    assert answer.status_code == 422
    assert "This is an Excel workbook" in cast.words(answer)
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"column_record_number": ""}, "Choose the column of the file that holds this."),
        ({"column_given": "1"}, "This column is chosen twice."),
        ({"column_given": "77"}, "Select a valid choice"),
        ({"day_order": "ymd"}, "Select a valid choice"),
    ],
)
def test_columns_that_do_not_fit_are_explained(desk, change, said):
    batch = tables.uploaded(desk, people())
    answer = cast.browser(desk).post(address(batch, "match/"), matched(batch) | change)
    assert answer.status_code == 422
    assert said in cast.words(answer)
    assert ImportBatch.objects.get().status == ImportBatch.Status.UPLOADED


def test_two_people_who_match_the_same_file_do_not_overwrite_one_another(desk, handed_on):
    batch = tables.uploaded(desk, people())
    client, form = cast.browser(desk), matched(batch)
    assert client.post(address(batch, "match/"), form).status_code == 302
    again = client.post(address(batch, "match/"), form)
    assert again.status_code == 403
    assert "gone on meanwhile" in cast.words(again)


def test_a_wrong_guess_of_the_encoding_is_put_right(desk):
    text = tables.text_of([tables.person(0, **{"Family name": "Müller"})])
    batch = tables.uploaded(desk, text.encode("cp1252"))
    client = cast.browser(desk)
    form = {"again": "1", "version": batch.version, "encoding": "gb18030", "delimiter": ","}
    assert client.post(address(batch, "match/"), form).status_code == 302
    batch.refresh_from_db()
    assert batch.encoding == "gb18030"
    wrong = form | {"version": batch.version, "delimiter": "|"}
    answer = client.post(address(batch, "match/"), wrong)
    assert answer.status_code == 422
    assert "Only one column was found" in cast.words(answer)


def rows_of(response):
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_errors_come_row_by_row_with_the_cells_and_no_formula(desk):
    rows = [
        tables.person(0),
        tables.person(1, Sex="=cmd()"),
        tables.person(2, Sex="\tx", **{"Phone number": "@"}),
    ]
    batch = tables.checked(desk, tables.text_of(rows))
    answer = cast.browser(desk).get(address(batch, "errors.csv"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    head, *found = rows_of(answer)
    assert head == ["Row", "Column", "What is wrong", "Counts as", "Uploaded cell"]
    assert [(row[0], row[1], row[3], row[4]) for row in found] == [
        ("3", "Sex", "error", "'=cmd()"), ("4", "Sex", "error", "'\tx"), ("4", "Phone number", "error", "'@"),
    ]  # fmt: skip
    told = cast.events("patients.import.errors_downloaded")[0]
    assert (told.counts["rows"], told.fields) == (3, ["patients.import_batch.file"])


def test_errors_without_the_file_name_no_cell(desk):
    batch = tables.checked(desk, tables.text_of([tables.person(0, Sex="secret")]))
    ImportBatch.objects.filter(pk=batch.pk).update(file_id=None)
    answer = cast.browser(desk).get(address(batch, "errors.csv"))
    assert b"secret" not in answer.content
    assert rows_of(answer)[0] == ["Row", "Column", "What is wrong", "Counts as"]


def test_the_list_says_who_brought_a_file_in(desk):
    client = cast.browser(desk)
    sent(client, people())
    assert f"· {desk.display_name}" in cast.words(client.get(LIST))


def test_the_list_asks_as_much_for_ten_as_for_one(desk):
    client = cast.browser(desk)
    tables.uploaded(desk, people())
    client.get(LIST)

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(LIST).status_code == 200
        return len(asked)

    one = queries()
    for _more in range(9):
        tables.uploaded(desk, people())
    assert queries() == one


def test_a_large_upload_never_lies_readable_on_the_disk(settings, rf, desk):
    file = SimpleUploadedFile("a.csv", b"CANARY," * 40_000)
    request = rf.post(settings.LARGE_UPLOADS_AT, {"file": file})
    request.user = desk
    file = request.FILES["file"]
    assert isinstance(file, uploads.SealedUpload)
    file.file.seek(0)
    assert b"CANARY" not in file.file.read()
    assert b"".join(file.chunks()) == file.read() == b"CANARY," * 40_000
    assert file.size == 7 * 40_000


def test_large_files_are_taken_at_one_address_and_from_nobody_unknown(settings, desk):
    assert reverse("patients:import_upload") == settings.LARGE_UPLOADS_AT
    settings.UPLOAD_MOST_BYTES = 1_000_000

    def taken(path, user):
        file = SimpleUploadedFile("a.csv", b"x" * 2_000_000)
        request = RequestFactory().post(path, {"file": file})
        request.user = user
        return len(request.FILES)

    assert taken(settings.LARGE_UPLOADS_AT, desk) == 1
    assert taken("/sign-in/", desk) == 0
    assert taken(settings.LARGE_UPLOADS_AT, AnonymousUser()) == 0


def test_beyond_the_limit_a_file_is_none_and_the_form_says_so(monkeypatch, desk):
    monkeypatch.setattr(uploads, "MOST_BYTES", 100_000)
    answer = sent(cast.browser(desk), b"a,b\r\n" * 40_000)
    assert answer.status_code == 422
    assert "larger than 2 GB" in cast.words(answer)
    assert not ImportBatch.objects.exists()


def test_a_person_without_the_role_is_refused_by_the_deed_itself(system):
    nurse = cast.staff("nurse")
    with pytest.raises(batches.NotYours):
        tables.uploaded(nurse, people())
    assert not ImportBatch.objects.exists()
    assert User.objects.filter(pk=nurse.pk).exists()
