"""One backup from the snapshot to the moved folders; it is good when everything was read back."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from security.backups import age, dump, erasures, manifest, places, sealed_files
from security.backups.age import Written
from security.backups.dump import Snapshot
from security.backups.erasures import LedgerBroken
from security.backups.faults import BackupFailed, Fault
from security.backups.manifest import Manifest
from security.models import Backup
from security.sealing.errors import KeyringError

RECORDS, FILES, KEYS = "records.age", "files.age", "keys.age"
Stage = Backup.Stage
Told = Callable[[Backup.Stage, int], object]


@dataclass(slots=True)
class Made:
    """What came of a backup."""

    name: str
    manifest_sha256: str
    records: Manifest
    keys: Manifest


@dataclass(slots=True)
class Making:
    """One backup while it is being made: where, for whom, and who hears how far it is."""

    name: str
    moment: Snapshot
    told: Told
    recipients: list[Any] = field(default_factory=age.recipients)
    witness: Any = field(default_factory=age.witness)

    def sealed(self, stage: Backup.Stage, parts: Iterable[bytes], path: Path) -> Written:
        """Encrypt one archive for the recipients and for reading it back."""
        everybody = [*self.recipients, self.witness.to_public()]
        return age.seal(parts, path, everybody, lambda size: self.told(stage, size))

    def read_back(self, path: Path, written: Written) -> None:
        """Open one archive again and hold it against what went in."""
        age.read_back(path, written, self.witness, lambda size: self.told(Stage.READ_BACK, size))


def make(moment: Snapshot, *, now: datetime, wanted: int, told: Told) -> Made:
    """Write both sets, read them back, and only then move them to their places; raise BackupFailed."""
    roots = places.roots()
    making = Making(places.new_name(now), moment, told)
    with places.alone(roots[0]):
        for root in roots:
            places.sweep_unfinished(root)
            places.require_room(root, wanted)
        unfinished = [root / f"{making.name}{places.UNFINISHED}" for root in roots]
        try:
            return _made(making, roots, now)
        except LedgerBroken as error:
            # A set that does not know how far the ledger was could not be restored safely.
            raise BackupFailed(Fault.UNEXPECTED, str(error)) from None
        except KeyringError as error:
            raise BackupFailed(Fault.KEYRING, str(error)) from None
        except OSError as error:
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            raise BackupFailed(Fault.NO_SPACE if full else Fault.NO_TARGET, str(error)) from None
        finally:
            for path in unfinished:
                places.remove(path)


def _made(making: Making, roots: tuple[Path, Path], now: datetime) -> Made:
    records, keys = (places.begin(root, making.name) for root in roots)
    moment, counted = making.moment, sealed_files.Counted()
    tables = dump.counts(moment)
    seen = erasures.head()
    archives = {
        RECORDS: making.sealed(Stage.RECORDS, dump.records(moment), records / RECORDS),
        FILES: making.sealed(Stage.FILES, sealed_files.packed(moment, counted), records / FILES),
    }
    of_records = Manifest(
        kind=manifest.RECORDS, tables=tables, left_out=dump.left_out(), files=counted.files,
        files_missing=counted.missing, archives=archives, name=making.name, made_at=now.isoformat(),
        server=moment.server, moved_keys=dump.moved_keys(moment), erasures=seen.number,
        erasures_mark=seen.mark,
    )  # fmt: skip
    own = {KEYS: making.sealed(Stage.KEYS, dump.keys(moment), keys / KEYS)}
    of_keys = Manifest(
        kind=manifest.KEYS, tables={dump.KEYS: tables[dump.KEYS]}, left_out=[], files=0,
        files_missing=0, moved_keys={}, archives=own, name=making.name, made_at=now.isoformat(),
        server=moment.server, erasures=seen.number, erasures_mark=seen.mark,
    )  # fmt: skip
    digest = ""
    # The keys first: records without keys could not be opened, and the set of records counts.
    for folder, one in ((keys, of_keys), (records, of_records)):
        written = making.sealed(Stage.KEYS, [one.text()], folder / manifest.NAME)
        for name, archive in {**one.archives, manifest.NAME: written}.items():
            making.read_back(folder / name, archive)
        digest = written.content_sha256
    for folder in (keys, records):
        places.publish(folder)
    return Made(making.name, digest, of_records, of_keys)
