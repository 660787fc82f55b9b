"""Two browsers save the same record at the same moment, again and again: nobody is overwritten unseen."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from patients.models import Condition, Note
from patients.queries import versions as earlier
from patients.services import versions
from tests.patients import cast, noting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("system")]


def at_once(*deeds):
    """Do deeds in threads of their own, started together, and return what each came to."""
    start = Barrier(len(deeds))

    def run(deed):
        try:
            start.wait()
            return deed()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(run, deeds))


@pytest.mark.prove(step=2, full=200)
def test_two_browsers_editing_a_note_lose_nothing_unseen(rounds):
    patient = cast.patient()
    author = noting.clinician(patient)
    row = noting.write(patient, author, title="start", sections={"plan": "start"})
    page = reverse("patients:note_edit", args=[patient.pk, row.pk])
    browsers = {"left": cast.browser(author), "right": cast.browser(author)}
    accepted = ["start"]

    def sends(side, number, version):
        sent = noting.form(title="t", subjective="", plan=f"{side} {number}", version=version)
        return lambda: browsers[side].post(page, sent)

    for number in range(rounds):
        version = browsers["left"].get(page).context["form"]["version"].value()
        answers = at_once(sends("left", number, version), sends("right", number, version))
        by_side = dict(zip(("left", "right"), answers, strict=True))
        assert sorted(one.status_code for one in answers) == [302, 409]
        winner, loser = sorted(by_side, key=lambda side: by_side[side].status_code)
        accepted.append(f"{winner} {number}")
        conflict = by_side[loser]
        # The loser reads what the winner stored, beside the own words, and then decides.
        (plan,) = (one for one in conflict.context["differences"] if one.name == "plan")
        assert (plan.stored, plan.mine) == (f"{winner} {number}", f"{loser} {number}")
        newer = conflict.context["form"]["version"].value()
        assert sends(loser, number, newer)().status_code == 302
        accepted.append(f"{loser} {number}")
    with cast.acting(author):
        stored = Note.objects.get()
        kept = [earlier.reopened(one).sections["plan"] for one in earlier.of_row(stored)]
        assert [stored.sections["plan"], *kept] == accepted[::-1]
    assert stored.version == len(accepted) == 2 * rounds + 1


@pytest.mark.prove(step=2, full=200)
def test_two_people_correcting_any_record_lose_nothing_unseen(rounds):
    patient = cast.patient()
    people = {name: noting.clinician(patient) for name in ("one", "other")}
    row = Condition.objects.create(patient=patient, code_text="start", occurred_at=timezone.now())
    accepted = ["start"]

    def corrects(name, number, version):
        def deed():
            with cast.acting(people[name]):
                try:
                    versions.correct(
                        model=Condition, row_id=row.pk, version=version, by=people[name],
                        changes={"code_text": f"{name} {number}"}, reason="seen again",
                        action="patients.item.corrected",
                    )  # fmt: skip
                except versions.Conflict as conflict:
                    return conflict.row.code_text
                return None

        return deed

    for number in range(rounds):
        version = 2 * number + 1
        told = at_once(corrects("one", number, version), corrects("other", number, version))
        (theirs,) = (text for text in told if text is not None)
        loser = "other" if theirs.startswith("one ") else "one"
        assert theirs == f"{'one' if loser == 'other' else 'other'} {number}"
        assert corrects(loser, number, version + 1)() is None
        accepted += [theirs, f"{loser} {number}"]
    with cast.acting(people["one"]):
        stored = Condition.objects.get()
        kept = [earlier.reopened(one).code_text for one in earlier.of_row(stored)]
        assert [stored.code_text, *kept] == accepted[::-1]
