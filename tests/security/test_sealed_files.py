"""Files on disk: sealed in chunks, refused when a chunk is altered, moved, cut off or of another file."""

import os
import secrets

import pytest

from security.sealing import SealBroken, files

SIZES = (0, 1, files.CHUNK - 1, files.CHUNK, files.CHUNK + 1, 3 * files.CHUNK, 3 * files.CHUNK + 7)
STEP = files.CHUNK + files.TAG


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"
    return settings.FILES_DIR


def written(content: bytes, piece: int = 10_000):
    parts = (content[at : at + piece] for at in range(0, len(content), piece))
    return files.write(parts, most=10**7)


@pytest.mark.parametrize("size", SIZES)
def test_a_file_comes_back_as_it_was(size):
    content = secrets.token_bytes(size)
    kept = written(content)
    assert kept.size == size
    assert files.read_all(kept.file_id, kept.key) == content


def test_nothing_of_the_content_or_a_name_lies_on_the_disk(folder):
    kept = written(b"CANARY-Blutbild" * 9000)
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert [path.name for path in found] == [kept.file_id.hex]
    assert b"CANARY" not in found[0].read_bytes()
    assert found[0].stat().st_mode & 0o077 == 0


def edited(kept, change):
    path = files.path_of(kept.file_id)
    path.write_bytes(change(path.read_bytes()))


HEAD = files.HEADER.size
FAULTS = {
    "a flipped bit": lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
    "a flipped header": lambda raw: raw[:5] + bytes([raw[5] ^ 1]) + raw[6:],
    "a cut byte": lambda raw: raw[:-1],
    "the last chunk cut off": lambda raw: raw[: HEAD + 2 * STEP],
    "all chunks cut off": lambda raw: raw[:HEAD],
    "two chunks in another order": lambda raw: (
        raw[:HEAD]
        + raw[HEAD + STEP : HEAD + 2 * STEP]
        + raw[HEAD : HEAD + STEP]
        + raw[HEAD + 2 * STEP :]
    ),
    "a chunk twice": lambda raw: raw[: HEAD + STEP] + raw[HEAD:],
    "a chunk left out": lambda raw: raw[:HEAD] + raw[HEAD + STEP :],
    "a chunk of zeros more": lambda raw: raw + bytes(STEP),
    "an empty file": lambda raw: b"",
    "plain text": lambda raw: b"plain text" * 20,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_is_not_what_was_sealed_does_not_open(fault):
    kept = written(secrets.token_bytes(2 * files.CHUNK + 100))
    edited(kept, FAULTS[fault])
    with pytest.raises(SealBroken):
        files.read_all(kept.file_id, kept.key)


def test_a_chunk_of_another_file_does_not_open_even_under_the_same_key(monkeypatch):
    monkeypatch.setattr(os, "urandom", lambda count: b"k" * count)
    one, other = written(b"a" * 200_000), written(b"b" * 200_000)
    assert one.key == other.key
    foreign = files.path_of(other.file_id).read_bytes()
    edited(one, lambda raw: raw[:HEAD] + foreign[HEAD : HEAD + STEP] + raw[HEAD + STEP :])
    with pytest.raises(SealBroken):
        files.read_all(one.file_id, one.key)


def test_a_missing_file_and_a_wrong_key_do_not_open():
    kept = written(b"content")
    with pytest.raises(SealBroken):
        files.read_all(kept.file_id, secrets.token_hex(32))
    files.remove(kept.file_id)
    files.remove(kept.file_id)
    with pytest.raises(SealBroken):
        files.read_all(kept.file_id, kept.key)


def test_too_much_and_an_interruption_leave_nothing_on_the_disk(folder):
    def broken():
        yield b"x" * 100_000
        raise KeyboardInterrupt

    with pytest.raises(files.TooLarge):
        files.write(iter([b"x" * 60, b"y" * 60]), most=100)
    with pytest.raises(KeyboardInterrupt):
        files.write(broken(), most=10**7)
    assert not [path for path in folder.rglob("*") if path.is_file()]
