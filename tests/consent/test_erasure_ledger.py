"""The ledger of erasures: nobody cuts, alters or moves a line unseen, and a restore reads it first."""

import io
import json
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import override_settings

from security.backups import erasures as ledger
from security.backups.erasures import Head, LedgerBroken


@pytest.fixture
def place(tmp_path):
    with override_settings(ERASURE_LEDGER=str(tmp_path / "erasures.ledger")):
        yield tmp_path / "erasures.ledger"


@pytest.fixture
def three(place):
    """Return a ledger of three erasures, the last of which was given up."""
    ids = [uuid4() for _ in range(3)]
    for one in ids:
        ledger.append(ledger.INTENT, erasure=one, subjects=[str(one)])
    ledger.append(ledger.GIVEN_UP, erasure=ids[2])
    return ids


def test_what_was_begun_and_not_given_up_is_done_again(place, three):
    assert [line.erasure for line in ledger.to_do(ledger.read(place))] == [
        str(one) for one in three[:2]
    ]


@pytest.mark.parametrize("harm", ["alter", "drop", "swap", "forge"])
def test_a_line_that_is_not_what_was_written_is_seen(place, three, harm):
    lines = place.read_text().splitlines()
    if harm == "alter":
        lines[1] = lines[1].replace(str(three[1]), str(uuid4()))
    elif harm == "drop":
        del lines[1]
    elif harm == "swap":
        lines[0], lines[1] = lines[1], lines[0]
    else:
        lines[2] = json.dumps(json.loads(lines[2]) | {"mark": "0" * 64})
    place.write_text("\n".join(lines) + "\n")
    with pytest.raises(LedgerBroken, match="is not what was written"):
        ledger.read(place)


def test_a_ledger_that_lost_its_end_or_is_gone_is_refused(place, three):
    seen = ledger.head()
    assert len(ledger.require(place, [seen, Head()])) == 4
    whole = place.read_text().splitlines()
    place.write_text("\n".join(whole[:2]) + "\n")
    with pytest.raises(LedgerBroken, match="it was cut"):
        ledger.require(place, [seen])
    place.unlink()
    with pytest.raises(LedgerBroken, match="is missing"):
        ledger.require(place, [seen])
    assert ledger.require(place, [Head()]) == []
    ledger.append(ledger.INTENT, erasure=uuid4(), subjects=[])
    for _ in range(3):
        ledger.append(ledger.DONE, erasure=uuid4())
    with pytest.raises(LedgerBroken, match="another one"):
        ledger.require(place, [seen])


def test_half_a_line_of_a_lost_power_is_taken_off(place, three):
    with place.open("a") as file:
        file.write('{"kind": "inte')
    assert len(ledger.read(place)) == 4
    ledger.append(ledger.DONE, erasure=three[0])
    assert len(ledger.read(place)) == 5


@pytest.mark.django_db
def test_a_ledger_that_is_missing_replays_nothing(place):
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit):
        call_command("replay_erasures", stdout=out, stderr=err)
    assert "is missing" in err.getvalue()
    assert out.getvalue() == ""
