"""Files, folders and archives are read without trust: no links, no bombs, no path that leads out."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import random
import stat
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from patients.fhir import sources
from patients.fhir.limits import Limits
from patients.fhir.parsing import Unreadable

DOCUMENT = b'{"resourceType": "Bundle"}'
SMALL = Limits(document=1000, archive=3000, members=5, ratio=20, ratio_from=2000)
GIGABYTE = 1 << 30


def read(*paths: Path | str, limits: Limits = sources.DEFAULT) -> dict[str, bytes | str]:
    """Return what each document holds, or the sentence that refuses it."""
    found = sources.documents([str(path) for path in paths], limits)
    return {
        Path(one.name).name: one.content if isinstance(one.content, bytes) else str(one.content)
        for one in found
    }


def tar(path: Path, members: dict[str, bytes], mode: str = "w:xz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_zeros(path: Path) -> Path:
    """Pack a gigabyte of zeros in the way that the name says."""
    block, rounds = bytes(64 << 20), GIGABYTE >> 26
    if path.suffix == ".zip":
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("bundle.json", "w", force_zip64=True) as member,
        ):
            for _round in range(rounds):
                member.write(block)
        return path
    pack = gzip.compress if path.suffix == ".gz" else lzma.compress
    info = tarfile.TarInfo("bundle.json")
    info.size = GIGABYTE
    head = pack(info.tobuf()) if ".tar" in path.suffixes else b""
    path.write_bytes(head + pack(block) * rounds)
    return path


def test_a_folder_is_read_in_order_and_in_depth(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("b.json", "a.JSON", "deep/er/c.json", ".hidden.json", "notes.txt"):
        (tmp_path / name).write_bytes(DOCUMENT)

    assert list(read(tmp_path)) == ["a.JSON", "b.json", "c.json"]


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.xz", "x.tar.gz", "x.json"])
def test_archives_are_told_by_their_bytes_and_read_in_memory(tmp_path: Path, name: str) -> None:
    members = {
        "one/a.json": DOCUMENT,
        "b.json": DOCUMENT,
        "readme.txt": b"x",
        "__MACOSX/a.json": b"x",
    }
    if name in ("x.zip", "x.json"):
        zipped(tmp_path / name, members)
    else:
        tar(tmp_path / name, members, {"x.tar": "w", "x.tar.xz": "w:xz"}.get(name, "w:gz"))

    found = read(tmp_path)

    assert [key.rpartition(":")[2] for key in found] == ["a.json", "b.json"]
    assert set(found.values()) == {DOCUMENT}
    assert os.listdir(tmp_path) == [name]


def test_several_streams_in_a_row_are_one_archive(tmp_path: Path) -> None:
    plain = tar(tmp_path / "x.tar", {"a.json": DOCUMENT, "b.json": DOCUMENT}, "w").read_bytes()
    (tmp_path / "x.tar").unlink()
    half = len(plain) // 2
    (tmp_path / "x.tar.xz").write_bytes(
        lzma.compress(plain[:half]) + bytes(8) + lzma.compress(plain[half:])
    )
    (tmp_path / "y.tar.gz").write_bytes(gzip.compress(plain[:half]) + gzip.compress(plain[half:]))

    assert list(read(tmp_path).values()) == [DOCUMENT] * 4


def test_traversal_in_an_archive_is_only_a_name(tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    folder = tmp_path / "in"
    folder.mkdir()
    names = ["../outside.json", "/etc/x.json", "C:\\x.json", "a/../../outside.json", "\x1b[2J.json"]
    zipped(folder / "a.zip", dict.fromkeys(names, DOCUMENT))
    tar(folder / "b.tar", dict.fromkeys(names, DOCUMENT), "w")

    found = [one.name for one in sources.documents([str(folder)])]

    assert len(found) == 2 * len(names)
    assert not any("\x1b" in name for name in found)
    assert not outside.exists()
    assert sorted(os.listdir(folder)) == ["a.zip", "b.tar"]


def test_links_are_refused_everywhere_but_at_the_top(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "secret.json").write_bytes(b"secret")
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    (folder / "loop").symlink_to(folder)
    with tarfile.open(folder / "t.tar", "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            info = tarfile.TarInfo(f"link{kind.decode()}.json")
            info.type, info.linkname = kind, "../secret.json"
            archive.addfile(info)
    with zipfile.ZipFile(folder / "z.zip", "w") as zip_archive:
        member = zipfile.ZipInfo("link.json")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        zip_archive.writestr(member, "../secret.json")

    found = read(folder)

    assert len(found) == 5
    assert all("link" in str(content) for content in found.values())
    (tmp_path / "top").symlink_to(tmp_path / "secret.json")
    assert read(tmp_path / "top") == {"top": b"secret"}


def test_pipes_and_devices_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")

    assert read(tmp_path) == {"pipe.json": "It is not a regular file."}
    assert read("/dev/zero") == {"zero": "It is not a regular file."}
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        info = tarfile.TarInfo("pipe2.json")
        info.type = tarfile.FIFOTYPE
        archive.addfile(info)
    assert list(read(tmp_path / "x.tar").values()) == ["It is not a regular file."]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["b.tar.xz", "b.tar.gz", "b.xz", "b.gz", "b.json", "renamed.tar.gz"]
)
def test_a_gigabyte_of_zeros_is_refused_without_being_unpacked(tmp_path: Path, name: str) -> None:
    if name == "b.json":
        with (tmp_path / name).open("wb") as stream:
            stream.truncate(GIGABYTE)
    else:
        write_zeros(tmp_path / name)
    if name == "renamed.tar.gz":
        (tmp_path / name).rename(tmp_path / "innocent.json")
    before = os.listdir(tmp_path)
    tracemalloc.start()
    found = read(tmp_path / before[0])
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert [type(content) for content in found.values()] == [str]
    assert peak < 16 << 20
    assert os.listdir(tmp_path) == before


def test_a_bomb_is_told_by_its_ratio(tmp_path: Path) -> None:
    assert "do harm" in read_one(zipped(tmp_path / "a.zip", {"a.json": bytes(5 << 20)}))
    assert "do harm" in read_one(tar(tmp_path / "a.tar.xz", {"a.json": bytes(40 << 20)}))
    assert "do harm" in read_one(tar(tmp_path / "a.tar.gz", {"a.json": bytes(40 << 20)}, "w:gz"))


def read_one(path: Path, limits: Limits = sources.DEFAULT) -> str:
    """Return the one refusal of a path."""
    (content,) = read(path, limits=limits).values()
    assert isinstance(content, str)
    return content


def test_sizes_and_counts_are_limits(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(1200)
    many = {f"{number}.json": b"1" for number in range(6)}
    four = {f"{number}.json": noise[:900] for number in range(4)}
    (tmp_path / "big.json").write_bytes(noise)

    assert "more than" in read_one(tmp_path / "big.json", SMALL)
    assert "more than" in read_one(zipped(tmp_path / "a.zip", {"a.json": noise}), SMALL)
    assert "more than" in read_one(tar(tmp_path / "a.tar", {"a.json": noise}, "w"), SMALL)
    assert "5 files" in read_one(zipped(tmp_path / "b.zip", many), SMALL)
    assert "5 files" in str(read(tar(tmp_path / "b.tar", many, "w"), limits=SMALL))
    assert "more than" in read_one(zipped(tmp_path / "c.zip", four), SMALL)
    assert "more than" in str(read(tar(tmp_path / "c.tar", four, "w"), limits=SMALL))


def test_a_zip_that_lies_about_its_sizes_yields_no_more_than_it_says(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.json": b'{"a": 1}' * 2000})
    raw = path.read_bytes()
    honest = (16000).to_bytes(4, "little")
    path.write_bytes(raw.replace(honest, (10).to_bytes(4, "little")))

    assert "damaged" in read_one(path)


def test_overlapping_members_are_refused(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "a.zip", {f"{n}.json": random.Random(n).randbytes(500) for n in range(9)}
    )
    raw = bytearray(path.read_bytes())
    sizes = (1000).to_bytes(4, "little")
    place = raw.find(b"PK\x01\x02")
    while place >= 0:
        raw[place + 20 : place + 24] = sizes
        place = raw.find(b"PK\x01\x02", place + 4)
    path.write_bytes(raw)

    assert "overlap" in read_one(path)


def test_encrypted_nested_and_strange_archives_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "secret.zip", {"a.json": DOCUMENT})
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.find(signature) + offset] |= 1
    path.write_bytes(raw)
    with zipfile.ZipFile(tmp_path / "bz.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.json", DOCUMENT)

    assert "encrypted" in read_one(path)
    assert "plain zip" in read_one(tmp_path / "bz.zip")
    assert "archive in an archive" in read_one(zipped(tmp_path / "n.zip", {"in.zip": b"PK"}))
    assert "archive in an archive" in read_one(tar(tmp_path / "n.tar.xz", {"in.tar.gz": b"x"}))
    assert "no bundle" in read_one(zipped(tmp_path / "none.zip", {"a.txt": b"x"}))
    assert "no bundle" in read_one(zipped(tmp_path / "empty.zip", {}))
    (tmp_path / "alone.json.gz").write_bytes(gzip.compress(DOCUMENT))
    assert "not a tar" in read_one(tmp_path / "alone.json.gz")


def test_paths_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    assert "no such" in read_one(tmp_path / "absent")
    assert "no such" in next(iter(read("a\x00b").values()))
    assert "no bundle" in read_one(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(DOCUMENT)
    path.chmod(0)

    assert "may not be read" in read_one(path)


@pytest.mark.parametrize("name", ["f.zip", "f.tar", "f.tar.xz", "f.tar.gz"])
def test_damage_never_ends_in_anything_but_a_sentence(tmp_path: Path, name: str) -> None:
    dice = random.Random(name)
    members = {f"{'安' * 40}{number}.json": DOCUMENT * 10 for number in range(3)}
    path = tmp_path / name
    if name.endswith("zip"):
        zipped(path, members)
    else:
        tar(path, members, "w" if name == "f.tar" else f"w:{name[-2:]}")
    raw = path.read_bytes()
    for _round in range(150):
        damaged = bytearray(raw[: dice.randrange(len(raw))] if dice.random() < 0.3 else raw)
        for _change in range(dice.randrange(4)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        path.write_bytes(damaged)

        for document in sources.documents([str(path)]):
            assert isinstance(document.content, bytes | Unreadable)


@pytest.mark.parametrize("name", ["a.zip", "a.tar.xz", "A.7Z", "a.rar"])
def test_what_is_an_archive_by_name_alone_is_called_so(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"Rar!\x1a\x07 or a page of an error")
    assert "no archive that can be read" in read_one(tmp_path / name)


def test_a_bundle_under_the_name_of_an_archive_is_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b" " + DOCUMENT)
    assert read(tmp_path / "a.zip") == {"a.zip": b" " + DOCUMENT}
