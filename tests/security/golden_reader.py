"""An independent reader of envelopes, format 1: it shares no line with the product.

python tests/security/golden_reader.py tests/security/golden/envelopes.json
"""

import base64
import json
import struct
import sys
import uuid

import msgpack
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def read(blob, key, label, envelope, row_id, version):
    """Open one envelope by the written format alone."""
    header, nonce, body, tag = blob[:20], blob[20:32], blob[32:-16], blob[-16:]
    assert header[:4] == b"CU\x01\x01", "magic, format 1, algorithm 1"
    parts = (
        header,
        label.encode(),
        envelope.encode(),
        uuid.UUID(row_id).bytes,
        struct.pack(">Q", version),
    )
    opener = Cipher(algorithms.AES(key), modes.GCM(nonce, tag)).decryptor()
    opener.authenticate_additional_data(
        b"".join(struct.pack(">I", len(part)) + part for part in parts)
    )
    plain = opener.update(body) + opener.finalize()
    assert len(plain) % 64 == 0, "padded to 64 bytes"
    return msgpack.unpackb(plain[: plain.rindex(b"\x80")], raw=False)


def read_file(path):
    """Yield (what was opened, what was sealed) for every line of a golden file."""
    with open(path, encoding="utf-8") as file:
        for line in json.load(file):
            place = {name: line[name] for name in ("label", "envelope", "row_id", "version")}
            opened = read(base64.b64decode(line["sealed"]), base64.b64decode(line["key"]), **place)
            yield opened, line["values"]


if __name__ == "__main__":
    assert all(opened == values for opened, values in read_file(sys.argv[1]))
