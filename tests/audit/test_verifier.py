"""The verifier takes what is right and nothing else: proofs, heads, receipts and whole ledgers, away from Django."""

from __future__ import annotations

import base64
import gzip
import json
import random
import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from audit import verifier
from audit.ledger.keys import SealerKey
from audit.ledger.receipts import Complete, consistency_path, inclusion_path
from audit.verifier import BUNDLE, RECEIPT, SPELLING, Bad, Fault, Frontier, Head, Key
from tests.audit import ledger

VECTORS = (
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
)  # fmt: skip
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = SealerKey(Key("clinic.example/ledger/1", PRIVATE.public_key().public_bytes_raw()), PRIVATE)
THEN = datetime(2026, 3, 1, 8, tzinfo=UTC)


def tree_of(hashes: list[bytes]) -> Frontier:
    tree = Frontier()
    tree.extend(hashes)
    return tree


def complete_in(hashes: list[bytes]) -> Complete:
    return lambda height, number: tree_of(hashes[number << height : (number + 1) << height]).root()


def leaves(count: int) -> list[bytes]:
    chance = random.Random(count)
    return [ledger.expected(ledger.event(chance)) for _ in range(count)]


def made(contents: list[bytes], size: int, at: datetime = THEN, key: SealerKey = KEY) -> str:
    return key.sign_head(
        size, tree_of([verifier.leaf_hash(one) for one in contents[:size]]).root(), at
    )


def receipt(contents: list[bytes], index: int) -> dict[str, Any]:
    hashes = [verifier.leaf_hash(one) for one in contents]
    path = inclusion_path(index, len(hashes), complete_in(hashes))
    proof = {"index": index, "size": len(hashes), "path": base64.b64encode(b"".join(path)).decode()}
    leaf = base64.b64encode(contents[index]).decode()
    return {"kind": RECEIPT, "leaf": leaf, "proof": proof, "head": made(contents, len(contents))}


def spelled(data: dict[str, Any]) -> str:
    return json.dumps(data, **SPELLING)


def bundle(contents: list[bytes], sizes: tuple[int, ...]) -> list[str]:
    lines = [{"kind": BUNDLE, "origin": KEY.public.origin}]
    for number, content in enumerate(contents):
        mark = base64.b64encode(KEY.sign_entry(number, verifier.leaf_hash(content))).decode()
        lines.append({"entry": number, "leaf": base64.b64encode(content).decode(), "mark": mark})
        if number + 1 in sizes:
            lines.append({"head": made(contents, number + 1, THEN + timedelta(seconds=number))})
    return [spelled(line) for line in lines]


def test_the_tree_is_that_of_rfc_6962() -> None:
    for count in range(1, len(VECTORS) + 1):
        hashes = [verifier.leaf_hash(bytes.fromhex(text)) for text, _ in VECTORS[:count]]
        assert tree_of(hashes).root().hex() == VECTORS[count - 1][1]


def test_every_proof_of_small_trees_is_right_and_of_no_other_place() -> None:
    hashes = [verifier.leaf_hash(bytes([number])) for number in range(33)]
    complete = complete_in(hashes)
    for size in range(1, 34):
        root = tree_of(hashes[:size]).root()
        for index in range(size):
            path = inclusion_path(index, size, complete)
            assert verifier.root_of_inclusion(index, size, hashes[index], path) == root
        for old in range(size + 1):
            before = Head("x", old, tree_of(hashes[:old]).root(), THEN)
            path = consistency_path(old, size, complete)
            verifier.check_heads(before, Head("x", size, root, THEN), path)


def test_a_tree_in_tiles_is_the_same_tree() -> None:
    hashes = [verifier.leaf_hash(bytes(number % 251 for number in range(at))) for at in range(700)]
    whole, piecewise, chance = tree_of(hashes), Frontier(), random.Random(3)
    while piecewise.size < 700:
        piecewise.extend(hashes[piecewise.size : piecewise.size + chance.randrange(1, 300)])
    assert piecewise == whole
    one_by_one = Frontier()
    for digest in hashes:
        one_by_one.extend([digest])
    assert one_by_one == whole


def test_a_proof_of_one_event_among_a_million_takes_less_than_a_kilobyte() -> None:
    path = inclusion_path(765_432, 1_048_577, lambda height, number: bytes(32))
    proof = {"index": 765_432, "size": 1_048_577, "path": base64.b64encode(b"".join(path)).decode()}
    assert len(path) >= 20
    assert len(spelled(proof)) < 1024


def mutated(text: str, chance: random.Random) -> str:
    """Return a text that differs in one character, or in a piece left out, doubled or moved."""
    at, end = sorted(chance.sample(range(len(text) + 1), 2))
    kind = chance.randrange(5)
    if kind == 0:
        return text[:at] + chance.choice('AZaz09+/=\n \u00a0"{}:,-') + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[end:]
    if kind == 2:
        return text[:end] + text[at:]
    if kind == 3:
        flipped = chr(ord(text[at % len(text)]) ^ (1 << chance.randrange(7)))
        return text[: at % len(text)] + flipped + text[at % len(text) + 1 :]
    return text[:at] + chance.choice("0123456789AaZz \n") + text[at:]


@pytest.mark.prove(step=3, full=10_000)
def test_no_mutated_head_is_accepted(rounds: int) -> None:
    contents, chance, tried = leaves(9), random.Random(1), 0
    note = made(contents, 9)
    assert Head.open(note, KEY.public).size == 9
    while tried < rounds:
        other = mutated(note, chance)
        if other != note:
            tried += 1
            with pytest.raises(Bad):
                Head.open(other, KEY.public)


@pytest.mark.prove(step=3, full=10_000)
def test_no_mutated_receipt_is_accepted(rounds: int) -> None:
    contents, chance, tried = leaves(40), random.Random(2), 0
    right = receipt(contents, 23)
    text = spelled(right)
    assert verifier.check_receipt(text, KEY.public)[1] == contents[23]
    while tried < rounds:
        changed = json.loads(text)
        part = chance.choice(("text", "leaf", "index", "size", "path", "head"))
        if part in {"index", "size"}:
            changed["proof"][part] = chance.choice(
                (-1, 0, 39, 40, 41, 22, True, 23.0, 2**70, "23", None)
            )
        elif part == "path":
            changed["proof"]["path"] = mutated(right["proof"]["path"], chance)
        elif part != "text":
            changed[part] = mutated(right[part], chance)
        other = mutated(text, chance) if part == "text" else spelled(changed)
        if other != text:
            tried += 1
            with pytest.raises(Bad):
                verifier.check_receipt(other, KEY.public)


@pytest.mark.prove(step=3, full=10_000)
def test_no_mutated_proof_joins_two_heads(rounds: int) -> None:
    hashes, chance, tried = [verifier.leaf_hash(one) for one in leaves(100)], random.Random(3), 0
    complete = complete_in(hashes)
    while tried < rounds:
        old, new = sorted(chance.sample(range(1, 101), 2))
        right = consistency_path(old, new, complete)
        heads = [Head("x", size, tree_of(hashes[:size]).root(), THEN) for size in (old, new)]
        path = list(right)
        kind = chance.randrange(4)
        if kind == 0 and path:
            at = chance.randrange(len(path))
            path[at] = bytes([path[at][0] ^ 1]) + path[at][1:]
        elif kind == 1:
            path = path[:-1]
        elif kind == 2:
            path.append(chance.choice(hashes))
        else:
            heads[chance.randrange(2)] = Head(
                "x", chance.choice((old, new)), chance.choice(hashes), THEN
            )
        if path == right and kind < 3:
            continue
        tried += 1
        with pytest.raises(Bad):
            verifier.check_heads(*heads, path)


def in_files(folder: Path, **content: str) -> None:
    for name, text in content.items():
        (folder / name).write_text(text, encoding="utf-8")


def run(folder: Path, *arguments: str) -> SimpleNamespace:
    """Run the verifier as a stranger does: the one file, without the product."""
    script = folder / "verifier.py"
    script.write_text(
        (Path(settings.BASE_DIR) / "audit" / "verifier.py").read_text(), encoding="utf-8"
    )
    command = [sys.executable, "-I", str(script), *arguments, "--key", "key"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return SimpleNamespace(code=ended.returncode, said=ended.stdout + ended.stderr)


def test_the_one_file_verifies_bundle_receipt_and_head_on_another_machine(tmp_path: Path) -> None:
    contents = leaves(30)
    hashes = [verifier.leaf_hash(one) for one in contents]
    joint = base64.b64encode(b"".join(consistency_path(12, 30, complete_in(hashes)))).decode()
    in_files(
        tmp_path, key=f"{KEY.public}\n", old=made(contents, 12), new=made(contents, 30), proof=joint,
        receipt=spelled(receipt(contents, 29)),
    )  # fmt: skip
    with gzip.open(tmp_path / "bundle", "wt", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in bundle(contents, (12, 30))))

    for arguments in (
        ("bundle", "bundle", "--head", "old"),
        ("receipt", "receipt", "--head", "old", "--proof", "proof"),
        ("head", "new", "--head", "old", "--proof", "proof"),
    ):
        answer = run(tmp_path, *arguments)
        assert answer.code == 0, answer.said
        assert "good: 30 entries" in answer.said
    assert run(tmp_path, "bundle", "absent").code == 2


def refused(call: Any, *arguments: Any) -> Fault:
    with pytest.raises(Bad) as found:
        call(*arguments)
    return found.value.fault


def test_each_thing_that_is_wrong_has_a_message_and_an_exit_code_of_its_own() -> None:
    codes = {fault.value[0] for fault in Fault}
    sentences = {fault.value[1] for fault in Fault}
    assert len(codes) == len(sentences) == len(Fault)
    assert not {0, 1, 2} & codes


def test_another_key_another_log_and_the_future_are_refused() -> None:
    contents = leaves(3)
    stranger = Ed25519PrivateKey.generate()
    named_alike = SealerKey(
        Key(KEY.public.origin, stranger.public_key().public_bytes_raw()), stranger
    )
    other_log = SealerKey(Key("clinic.example/ledger/2", KEY.public.raw), PRIVATE)
    soon = datetime.now(UTC) + timedelta(minutes=20)

    assert refused(Head.open, made(contents, 3, key=named_alike), KEY.public) is Fault.SIGNATURE
    assert refused(Head.open, made(contents, 3, key=other_log), KEY.public) is Fault.OTHER_LOG
    assert refused(Head.open, made(contents, 3, at=soon), KEY.public) is Fault.FUTURE


def test_an_older_head_and_one_of_equal_size_with_another_root_are_refused() -> None:
    contents = leaves(6)
    old, new = (Head.open(made(contents, size), KEY.public) for size in (4, 6))
    other = Head.open(made(contents[::-1], 6), KEY.public)

    assert refused(verifier.check_heads, new, old, []) is Fault.OLDER
    assert refused(verifier.check_heads, new, other, []) is Fault.FORK
    assert refused(verifier.check_heads, old, new, []) is Fault.PROOF
    earlier = Head.open(made(contents, 6, at=THEN - timedelta(seconds=1)), KEY.public)
    assert refused(verifier.check_heads, new, earlier, []) is Fault.OLDER
    later = Head.open(made(contents, 6, at=THEN + timedelta(days=1)), KEY.public)
    walk = verifier.Walk(KEY.public, [later])
    assert refused(verifier.check_bundle, iter(bundle(contents, (4, 6))), walk) is Fault.OLDER


@pytest.mark.parametrize(
    ("spoil", "fault", "entry"),
    [
        (lambda lines: lines[:4] + lines[5:], Fault.MISSING, 3),
        (
            lambda lines: [*lines[:3], lines[2].replace('"entry":1', '"entry":2'), *lines[4:]],
            Fault.ENTRY,
            2,
        ),
        (lambda lines: lines[:-1], Fault.BEYOND, 4),
        (lambda lines: lines[:6], Fault.OLDER, 4),
        (lambda lines: [line for line in lines if "head" not in line], Fault.HEADS, None),
        (lambda lines: [*lines[:2], lines[2][:-3], *lines[3:]], Fault.FORM, None),
        (lambda lines: lines[1:], Fault.FORM, None),
    ],
)
def test_a_bundle_with_something_wrong_names_the_first_entry(
    spoil: Any, fault: Fault, entry: int | None
) -> None:
    contents = leaves(8)
    lines = bundle(contents, (4, 8))
    known = [Head.open(made(contents, 8), KEY.public)] if fault is Fault.OLDER else []
    assert verifier.check_bundle(iter(lines), verifier.Walk(KEY.public, known)).size == 8
    with pytest.raises(Bad) as found:
        verifier.check_bundle(iter(spoil(lines)), verifier.Walk(KEY.public, known))
    assert (found.value.fault, found.value.entry) == (fault, entry)


# --- what a forger hands over -----------------------------------------------------------------


def verified(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    in_files(folder, key=f"{KEY.public}\n")
    code = verifier.main([*arguments, "--key", str(folder / "key")])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_a_bundle_that_calls_itself_another_ledger_is_refused() -> None:
    lines = bundle(leaves(3), (3,))
    for origin in ("clinic.example/ledger/2", "", 7, None, ["x"]):
        lines[0] = spelled({"kind": BUNDLE, "origin": origin})
        walk = verifier.Walk(KEY.public)
        assert refused(verifier.check_bundle, iter(lines), walk) is Fault.OTHER_LOG


@pytest.mark.parametrize(
    "number",
    ["true", "1.0", "1e0", "01", "-1", "NaN", "Infinity", '"1"', "null", "[1]", "9" * 5000],
)
def test_the_number_of_an_entry_has_one_spelling(number: str) -> None:
    lines = bundle(leaves(3), (3,))
    lines[2] = lines[2].replace('"entry":1', f'"entry":{number}')
    assert f'"entry":{number},' in lines[2]
    walk = verifier.Walk(KEY.public)
    assert refused(verifier.check_bundle, iter(lines), walk) in {Fault.FORM, Fault.MISSING}


def test_a_packed_line_without_an_end_takes_no_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifier, "MOST_CHARACTERS", 2**16)
    with gzip.open(tmp_path / "bundle", "wt", compresslevel=1) as file:
        file.write(bundle(leaves(1), (1,))[0] + "\n" + "0" * 2**23)
    tracemalloc.start()
    code, _ = verified(tmp_path, capsys, "bundle", str(tmp_path / "bundle"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert code == Fault.FORM.value[0]
    assert peak < 2**21


def test_entries_without_a_head_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "MOST_ENTRIES", 5)
    lines = [line for line in bundle(leaves(8), (8,)) if "head" not in line]
    walk = verifier.Walk(KEY.public)
    assert refused(verifier.check_bundle, iter(lines), walk) is Fault.FORM


def test_a_packed_file_that_is_damaged_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "".join(f"{line}\n" for line in bundle(leaves(6), (6,)))
    content, path = gzip.compress(text.encode()), tmp_path / "bundle"
    damaged = [content[:at] for at in range(0, len(content), len(content) // 20)]
    for at in range(10, len(content), len(content) // 40):
        damaged.append(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
    for one in [*damaged, text.encode(), b"\xff" * 99]:
        path.write_bytes(one)
        code, said = verified(tmp_path, capsys, "bundle", str(path))
        assert code in {2, *(fault.value[0] for fault in Fault)}, said
        assert said.count("\n") == 1


def test_a_receipt_says_of_which_event_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contents = leaves(5)
    in_files(tmp_path, receipt=spelled(receipt(contents, 3)))
    said = verified(tmp_path, capsys, "receipt", str(tmp_path / "receipt"))
    assert (said[0], str(UUID(bytes=contents[3][26:42])) in said[1]) == (0, True)


def test_a_head_that_went_through_a_mail_program_is_the_same_head(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "head").write_bytes(made(leaves(4), 4).replace("\n", "\r\n").encode())
    assert verified(tmp_path, capsys, "head", str(tmp_path / "head"))[0] == 0


def test_of_a_long_anchor_file_only_the_end_is_read(tmp_path: Path) -> None:
    contents = leaves(9)
    in_files(tmp_path, anchor="".join(made(contents, size) for size in range(1, 10)) * 9)
    found = verifier.heads_in(tmp_path / "anchor", KEY.public, most=3)
    assert [head.size for head in found] == [7, 8, 9]
