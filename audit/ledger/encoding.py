# ruff: noqa: S608 - statements are made of constants alone
"""Leaves as the database itself encodes them: the form of `audit.canonical`, many rows at a time.

Every function is named with its schema, so that none in another schema can stand in its place.
tests/audit/test_ledger_encoding.py holds both forms against each other.
"""

from __future__ import annotations

from collections.abc import Callable

from audit.canonical import DOMAIN, EVENT_FIELDS, FORMAT, STATE_FIELDS

C = "pg_catalog."
NOTHING = r"'\xffffffff'::bytea"
EMPTY = r"'\x'::bytea"
NO_ELEMENTS = r"'\x00000000'::bytea"


def _fixed(length: int, content: str) -> str:
    return rf"'\x{length:08x}'::bytea || {content}"


def _measured(content: str) -> str:
    return f"{C}int4send({C}octet_length({content})) || {content}"


def _text(name: str) -> str:
    return f"{C}int4send({C}octet_length({name})) || {C}convert_to({name}::text, 'UTF8')"


def _instant(name: str) -> str:
    micros = f"{C}int8send((extract(epoch from {name}) * 1000000)::bigint)"
    # An instant that is no instant becomes bytes that no event has.
    return _fixed(8, f"CASE WHEN {C}isfinite({name}) THEN {micros} ELSE {EMPTY} END")


def _uuids(name: str) -> str:
    joined = f"{C}replace({C}array_to_string({name}, '', 'ff'), '-', '')"
    return _array(name, f"{C}decode({joined}, 'hex')")


def _texts(name: str) -> str:
    # A one-dimensional array is sent as 20 bytes of header, then each element with its length.
    return _array(name, f"{C}substr({C}array_send({name}), 21)")


def _array(name: str, content: str) -> str:
    return (
        f"CASE {C}array_ndims({name}) WHEN 1 THEN {_measured(content)}"
        f" ELSE CASE WHEN {C}cardinality({name}) = 0 THEN {NO_ELEMENTS}"
        f" ELSE {C}array_send({name}) END END"
    )


def _counts(name: str) -> str:
    number = "p.value::text::numeric"
    whole = (
        f"CASE WHEN {number} BETWEEN {-(2**63)} AND {2**63 - 1}"
        f" THEN {C}int8send({number}::bigint) ELSE {C}jsonb_send(p.value) END"
    )
    pair = (
        f"{_text('p.key')} || CASE WHEN p.value::text ~ '^-?[0-9]{{1,19}}$' THEN {whole}"
        f" ELSE {C}jsonb_send(p.value) END"
    )
    pairs = (
        f"(SELECT {_measured('q.joined')} FROM (SELECT {C}string_agg({pair}, {EMPTY}"
        f" ORDER BY {C}convert_to(p.key, 'UTF8')) AS joined FROM {C}jsonb_each({name}) p) q)"
    )
    return (
        f"CASE WHEN {name} = '{{}}'::jsonb THEN {NO_ELEMENTS}"
        f" WHEN {C}jsonb_typeof({name}) = 'object' THEN {pairs} ELSE {C}jsonb_send({name}) END"
    )


_FORMS: dict[str, Callable[[str], str]] = {
    "uuid": lambda name: _fixed(16, f"{C}uuid_send({name})"),
    "text": _text,
    "instant": _instant,
    "number": lambda name: _fixed(8, f"{C}int8send({name})"),
    "flag": lambda name: _fixed(1, f"{C}boolsend({name})"),
    "blob": _measured,
    "uuids": _uuids,
    "texts": _texts,
    "counts": _counts,
}


def _row(fields: tuple[tuple[str, str], ...], table: str) -> str:
    values = (_FORMS[form](f"{table}.{name}") for name, form in fields)
    return " || ".join(f"coalesce({value}, {NOTHING})" for value in values)


STATES = (
    f"(SELECT {C}int4send({C}count(*)::int4) || coalesce({C}string_agg({_row(STATE_FIELDS, 's')},"
    f" {EMPTY} ORDER BY {C}convert_to(s.model, 'UTF8'), s.object_id), {EMPTY})"
    " FROM audit_state s WHERE s.event_id = e.id)"
)
PREFIX = rf"'\x{DOMAIN.hex()}'::bytea || {C}int2send(e.format)"
# The leaf of the event `e`; NULL where there is none, or none of a format that is known.
LEAF = f"CASE WHEN e.format = {FORMAT} THEN {PREFIX} || {_row(EVENT_FIELDS, 'e')} || {STATES} END"
