"""The envelope: what was sealed comes back from its own place and from nowhere else."""

import base64
import json
import random
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from security.sealing import SealBroken, envelope, keyring, selftest
from security.sealing.envelope import Place
from tests.security import golden_reader

GOLDEN = Path(__file__).parent / "golden" / "envelopes.json"
KEY_ID, OTHER_KEY_ID = UUID(int=1), UUID(int=2)
KEY = AESGCM(b"k" * 32)
PLACE = Place("patients.patient", "card", UUID(int=7), 3)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
values = st.dictionaries(
    st.text("abcdefgh_", min_size=1, max_size=12),
    st.one_of(st.none(), texts, st.booleans(), st.integers(-(2**63), 2**63 - 1)),
    max_size=8,
)


def sealed(content, place=PLACE):
    return envelope.seal(content, key=KEY, key_id=KEY_ID, place=place)


@settings(max_examples=400, deadline=None)
@given(values)
def test_what_was_sealed_comes_back_identical(content):
    assert envelope.unseal(sealed(content), key=KEY, place=PLACE) == content


@pytest.mark.parametrize(
    "text", ["", "\x80", "\x00", "x\x80\x00\x00", "安" * 350_000, "\U0001f9d1‍⚕️"]
)
def test_texts_that_look_like_padding_and_long_ones_come_back(text):
    assert envelope.unseal(sealed({"a": text}), key=KEY, place=PLACE) == {"a": text}


def test_empty_text_nothing_and_missing_are_three_things():
    opened = envelope.unseal(sealed({"empty": "", "nothing": None}), key=KEY, place=PLACE)
    assert opened == {"empty": "", "nothing": None}
    assert "missing" not in opened


@pytest.mark.parametrize(
    "elsewhere",
    [
        PLACE._replace(label="patients.condition"),
        PLACE._replace(envelope="body"),
        PLACE._replace(envelope="restricted"),
        PLACE._replace(row_id=UUID(int=8)),
        PLACE._replace(version=2),
        PLACE._replace(version=4),
    ],
)
def test_an_envelope_opens_in_its_own_place_only(elsewhere):
    with pytest.raises(SealBroken):
        envelope.unseal(sealed({"a": "b"}), key=KEY, place=elsewhere)


def test_neighbouring_parts_of_the_place_can_not_be_confused():
    blob = sealed({"a": "b"}, Place("ab", "c", UUID(int=7), 3))
    with pytest.raises(SealBroken):
        envelope.unseal(blob, key=KEY, place=Place("a", "bc", UUID(int=7), 3))


def test_no_changed_byte_goes_unnoticed():
    blob = sealed({"name": "Ming"})
    for at in range(len(blob)):
        changed = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        with pytest.raises(SealBroken):
            envelope.unseal(changed, key=KEY, place=PLACE)


def test_no_cut_or_grown_envelope_opens():
    blob = sealed({"name": "Ming"})
    for cut in range(len(blob)):
        with pytest.raises(SealBroken):
            envelope.unseal(blob[:cut], key=KEY, place=PLACE)
    with pytest.raises(SealBroken):
        envelope.unseal(blob + b"\x00", key=KEY, place=PLACE)


@pytest.mark.prove(step=1, full=10_000)
def test_no_mutation_is_accepted(rounds):
    blob, chance = sealed({"name": "Ming", "note": "n" * 100}), random.Random(1)
    accepted = 0
    for _ in range(rounds):
        mutated = bytearray(blob)
        for _ in range(chance.randint(1, 6)):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        if bytes(mutated) == blob:
            continue
        try:
            envelope.unseal(bytes(mutated), key=KEY, place=PLACE)
            accepted += 1
        except SealBroken:
            pass
    assert accepted == 0


@pytest.mark.parametrize(
    "not_one",
    [
        b"",
        b"CU",
        b"plain text of a careless import",
        b"gAAAAAB" + b"x" * 90,
        b"CU\x02\x01" + bytes(60),
    ],
)
def test_plaintext_and_unknown_formats_are_refused(not_one):
    assert envelope.key_id_of(not_one) is None
    with pytest.raises(SealBroken):
        envelope.unseal(not_one, key=KEY, place=PLACE)


def test_length_tells_little():
    lengths = {len(sealed({"name": "x" * size})) for size in range(1, 50)}
    assert len(lengths) == 1


@pytest.mark.prove(step=1, full=1_000_000)
def test_nonces_do_not_repeat(rounds):
    nonces = {sealed({})[20:32] for _ in range(min(rounds, 1_000_000))}
    assert len(nonces) == rounds


def test_the_golden_envelopes_open_with_the_product_and_with_a_reader_that_shares_no_code():
    lines = json.loads(GOLDEN.read_text())
    assert len(lines) >= 6
    for line in lines:
        place = Place(line["label"], line["envelope"], UUID(line["row_id"]), line["version"])
        opened = envelope.unseal(
            base64.b64decode(line["sealed"]), key=AESGCM(base64.b64decode(line["key"])), place=place
        )
        assert json.loads(json.dumps(opened)) == line["values"]
    assert all(opened == values for opened, values in golden_reader.read_file(GOLDEN))


def test_the_self_test_knows_its_answer_and_notices_a_changed_cipher(monkeypatch):
    selftest.known_answer()
    monkeypatch.setattr(selftest, "KNOWN_KEY", b"z" * 32)
    with pytest.raises(keyring.KeyringError):
        selftest.known_answer()


def make_golden():
    """Print the golden file anew; only ever for a new format number."""
    chance, lines = random.Random(20261123), []
    contents = [
        {"names": [{"family": "欧阳", "given": ["娜娜"]}], "birth_on": "1985-02-28"},
        {"text": "", "nothing": None, "truth": True, "number": -(2**63)},
        {"amount": "0.10", "at": "2026-02-28T23:59:59.000001Z"},
        {},
        {"long": "a" * 1000},
        {"rtl": "مريم", "emoji": "🧑‍⚕️", "nul": "a\x00b"},
    ]
    for number, content in enumerate(contents):
        key = bytes(chance.randrange(256) for _ in range(32))
        place = Place("golden.row", ("card", "body", "restricted")[number % 3], uuid4(), number + 1)
        blob = envelope.seal(content, key=AESGCM(key), key_id=uuid4(), place=place)
        lines.append(
            {
                "label": place.label, "envelope": place.envelope, "row_id": str(place.row_id),
                "version": place.version, "key": base64.b64encode(key).decode(),
                "sealed": base64.b64encode(blob).decode(), "values": content,
            }
        )  # fmt: skip
    return json.dumps(lines, indent=1, ensure_ascii=False)
