"""Time stamps of authorities (RFC 3161), verified again: each against its head and the roots kept here."""

from __future__ import annotations

from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from audit.ledger import anchors
from audit.ledger.checking import EventFault
from audit.models import Checkpoint, Stamp
from audit.verifier import CLOCKS_DIFFER_BY, Bad

CHUNK = 500


def check() -> int:
    """Verify every time stamp that was kept; return how many, raise Bad at the first that is wrong.

    Raises NotAnchored where no root certificates are kept here.
    """
    count = 0
    verifier = VerifierBuilder(roots=anchors.roots()).build()
    rows = Stamp.objects.order_by("checkpoint", "pk")
    for stamp in rows.iterator(chunk_size=CHUNK):
        head = _head(stamp.checkpoint)
        where = f"of head {stamp.checkpoint}, of {stamp.stamped_at.isoformat()}"
        if head is None:
            raise Bad(EventFault.STAMP, f"{where}: there is no such head")
        try:
            answer = decode_timestamp_response(bytes(stamp.answer))
            verifier.verify_message(answer, head.note.encode())
        except (ValueError, VerificationError) as error:
            raise Bad(EventFault.STAMP, where) from error
        at = answer.tst_info.gen_time
        if at != stamp.stamped_at or at < head.issued_at - CLOCKS_DIFFER_BY:
            raise Bad(EventFault.STAMP, f"{where}: it says {at.isoformat()}")
        count += 1
    return count


def _head(number: int) -> Checkpoint | None:
    return Checkpoint.objects.filter(number=number).only("note", "issued_at").first()
