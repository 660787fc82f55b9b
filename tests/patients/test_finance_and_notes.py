"""No note reaches the billing desk: by no route, sort, filter, search or export."""

import pytest
from django.urls import reverse
from django.utils import timezone

from patients.models import Condition
from patients.services import notes
from tests.patients import cast, desk, noting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
# What is asked for begins as the words of the note do, so that a page that repeats it proves nothing.
WORD, ASKED = "CANARYNOTE", "CANARY"

TRIED = (
    "", f"?q={ASKED}", "?sort=note__title", "?sort=patient__note__sealed", "?order_by=note", "?kind=notes",
    "?show=notes", "?tab=notes", "?template=soap", "?from=1&to=2", "?filter=note&fields=sections",
    "?currency=note", "?bucket=note", "?after=note",
)  # fmt: skip


@pytest.fixture
def mia():
    row = cast.patient(record_number="P-9")
    doctor = noting.clinician(row)
    note = noting.signed(row, doctor, title=WORD, sections={"subjective": f"{WORD} cough"})
    with cast.acting(doctor):
        notes.amend(note_id=note.pk, text=WORD, by=doctor)
    Condition.objects.create(
        patient=row, code_text=WORD, status="active", occurred_at=timezone.now()
    )
    return row


def test_no_page_of_the_desk_says_a_word_of_a_note_however_it_is_asked(mia):
    clerk = cast.staff("finance")
    bill = desk.bill(mia, clerk)
    client, seen = cast.browser(clerk), 0
    names = {"desk": (), "claims": (), "patient": (mia.pk,), "billing": (mia.pk,)}
    for name, of in (names | {"invoice": (mia.pk, bill.pk)}).items():
        page = reverse(f"patients:{name}", args=of)
        for tail in TRIED if name == "desk" else TRIED[:6]:
            answer = client.get(page + tail)
            assert answer.status_code == 200, page + tail
            assert len(answer.content) > 1000
            assert WORD not in answer.content.decode(), page + tail
            seen += 1
    assert seen == len(TRIED) + 24


def test_no_search_and_no_export_of_the_desk_finds_a_note(mia):
    client = cast.browser(cast.staff("finance"))
    found = client.post(reverse("patients:bill_search"), {"q": ASKED})
    assert WORD not in found.content.decode()
    assert "Muster" not in cast.words(found)
    assert WORD not in client.get(f"/search/?q={ASKED}").content.decode()
    for exporter in ("notes", "note", "clinical", "conditions"):
        assert client.get(f"/exports/new/{exporter}/").status_code == 404


def test_the_pages_of_notes_are_closed_to_the_desk(mia):
    client = cast.browser(cast.staff("finance"))
    for name in ("notes", "note_new", "timeline", "clinical", "documents"):
        answer = client.get(reverse(f"patients:{name}", args=[mia.pk]))
        assert answer.status_code == 403, name
        assert WORD not in answer.content.decode()
    draft = reverse("patients:draft", args=[mia.pk, "note"])
    assert client.post(draft, {"subjective": "x"}).status_code == 403
