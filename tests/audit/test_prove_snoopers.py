"""Years of ordinary accesses with planted snoopers: who is found, and who is troubled for nothing."""

import os
import random
import sys
from datetime import UTC, datetime

import pytest

from prove import accesses, clinic, scorer
from tests import database

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("system")]
YEARS = 912
START = datetime(2024, 1, 1, tzinfo=UTC)
FULL = 500_000


@pytest.mark.prove(step=3, full=FULL)
@pytest.mark.slow
def test_planted_snoopers_are_found_and_ordinary_work_is_left_alone(record_property, capsys):
    is_full = bool(os.environ.get("CUSTODIA_PROVE"))
    ordinary, each, days = (FULL, 20, YEARS) if is_full else (3000, 2, 40)
    staff, patients = (420, 12_000) if is_full else (60, 700)
    chance = random.Random(20260)
    made = clinic.build(staff=staff, patients=patients, start=START, days=days, chance=chance)
    told = accesses.write(made, ordinary=ordinary, each=each, chance=chance)
    with database.administrator() as other, other.cursor() as cursor:
        cursor.execute("ANALYZE")
    score = scorer.score(made, told)
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *score.lines(), ""]))
    record_property("recall", round(score.recall, 4))
    record_property("flagged", round(score.flagged_share, 4))
    assert score.planted["celebrity"] == each * accesses.VIEWERS
    assert score.recall >= 0.95
    assert min(score.of_shape(shape) for shape in accesses.SHAPES) >= 0.8
    assert score.flagged_share <= 0.02
