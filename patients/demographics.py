"""Who a person is, between the fields that people fill in and the FHIR values that are stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from patients.identity import RESIDENT_ID
from patients.names import is_east_asian
from security.sealing.fields import freeze

V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
# Kinds of numbers that the desk takes down: code of HL7 v2-0203 -> system, where there is one.
NUMBER_SYSTEMS: dict[str, str] = {"NI": RESIDENT_ID, "PPN": "", "PRC": "", "HC": ""}
OTHER_NUMBER = "U"
# Which stored field each field of the forms belongs to: its declaration says why it is asked.
STORED_IN: dict[str, str] = {
    "family": "names",
    "given": "names",
    "other_family": "names",
    "other_given": "names",
    "birth_on": "birth_on",
    "birth_precision": "birth_precision",
    "sex": "sex",
    "id_kind": "identifiers",
    "id_number": "identifiers",
    "phone": "telecoms",
    "email": "telecoms",
    "address": "addresses",
    "language": "language",
}
Values = Mapping[str, Any]


def stored(given: Values, before: Values | None = None) -> dict[str, Any]:
    """Return the stored fields that a filled-in form means; what it does not ask for stays as it was."""
    before = before or {}
    precision = given["birth_precision"]
    found: dict[str, Any] = {
        "names": _names(given, before.get("names")),
        "birth_on": given["birth_on"],
        "birth_precision": precision if given["birth_on"] else None,
        "sex": given["sex"],
        "telecoms": _telecoms(given, before.get("telecoms")),
        "addresses": _addresses(given, before.get("addresses")),
        "language": given["language"] or None,
    }
    if found["birth_precision"] == (before.get("birth_precision") or "day"):
        found["birth_precision"] = before.get("birth_precision", found["birth_precision"])
    if "id_number" in given:
        found["identifiers"] = _identifiers(given, before.get("identifiers"))
    # Nothing and an empty list say the same: neither is a change of the other.
    return {
        name: (freeze(value) if isinstance(value, list) else value)
        if value or before.get(name)
        else before.get(name)
        for name, value in found.items()
    }


def shown(row: Values) -> dict[str, Any]:
    """Return what the form shows of stored fields; of a number only what it is."""
    first, other = _two_names(row.get("names"))
    number = _first_number(row.get("identifiers")) or {}
    address = next(iter(_objects(row.get("addresses"))), {})
    return {
        "family": _family(first),
        "given": _given(first),
        "other_family": _family(other),
        "other_given": _given(other),
        "birth_on": row.get("birth_on"),
        "birth_precision": (row.get("birth_precision") or "day") if row.get("birth_on") else "none",
        "sex": row.get("sex") or "",
        "id_kind": kind_of(number) if number else "",
        "id_number": "",
        "phone": _value(row.get("telecoms"), "phone"),
        "email": _value(row.get("telecoms"), "email"),
        "address": _address_text(address),
        "language": row.get("language") or "",
    }


def fields_of(row: Any) -> dict[str, Any]:
    """Return the stored fields of a patient that the forms ask for."""
    return {name: getattr(row, name) for name in dict.fromkeys(STORED_IN.values())}


def number_of(kind: str, value: str) -> dict[str, Any]:
    """Return an identifier as FHIR has it."""
    found: dict[str, Any] = {"type": {"coding": [{"system": V2_0203, "code": kind}]}}
    if system := NUMBER_SYSTEMS.get(kind):
        found["system"] = system
    return found | {"value": value}


def kind_of(identifier: Values) -> str:
    """Return what kind of number an identifier is, by its code."""
    kind = identifier.get("type")
    codings = kind.get("coding") if isinstance(kind, Mapping) else None
    codes = [one.get("code") for one in _objects(codings)]
    return next((str(code) for code in codes if code in NUMBER_SYSTEMS), OTHER_NUMBER)


# --- names ----------------------------------------------------------------------------------


def _names(given: Values, before: Any) -> list[Any]:
    first, other = _two_names(before)
    wanted = [
        _name(given["family"], given["given"]),
        _name(given["other_family"], given["other_given"]),
    ]
    kept = [name for name in _objects(before) if name is not first and name is not other]
    found = []
    for name, old in zip(wanted, (first, other), strict=True):
        if name and old and (_family(old), _given(old)) == (_family(name), _given(name)):
            found.append(old)
        elif name:
            found.append(name)
    return [*found, *kept]


def _name(family: str, given: str) -> dict[str, Any]:
    if family and given:
        gap = "" if is_east_asian(family + given) else " "
        text = f"{family}{gap}{given}" if not gap else f"{given} {family}"
        return {"use": "official", "text": text, "family": family, "given": [given]}
    whole = family or given
    return {"use": "official", "text": whole} if whole else {}


def _two_names(names: Any) -> tuple[Values, Values]:
    """Return the first official name, and the first one in another script."""
    ranked = [
        name for name in _objects(names) if name.get("use") not in ("old", "maiden", "nickname")
    ]
    first = next((one for one in ranked if one.get("use") == "official"), None) or next(
        iter(ranked), {}
    )
    script = is_east_asian(_family(first) + _given(first))
    other = next((one for one in ranked if is_east_asian(_family(one) + _given(one)) != script), {})
    return first, other


def _family(name: Values) -> str:
    family = name.get("family")
    text = name.get("text")
    return str(family or ("" if _given(name) else text or ""))


def _given(name: Values) -> str:
    given = name.get("given")
    return " ".join(str(one) for one in given) if isinstance(given, list | tuple) else ""


# --- ways to reach, numbers -----------------------------------------------------------------


def _telecoms(given: Values, before: Any) -> list[Any]:
    found: list[Any] = list(_objects(before))
    for system, use in (("phone", "mobile"), ("email", "home")):
        old = _first_of(found, system)
        value = given[system]
        if old is not None and old.get("value") == value:
            continue
        place = found.index(old) if old is not None else len(found)
        found[place : place + 1] = (
            [{**(old or {"system": system, "use": use}), "value": value}] if value else []
        )
    return found


def _first_of(telecoms: Iterable[Values], system: str) -> Values | None:
    usable = (one for one in telecoms if one.get("use") != "old")
    return next((one for one in usable if one.get("system") == system), None)


def _value(telecoms: Any, system: str) -> str:
    found = _first_of(_objects(telecoms), system)
    return str(found.get("value", "")) if found else ""


def _addresses(given: Values, before: Any) -> list[Any]:
    found = list(_objects(before))
    text = given["address"]
    if found and _address_text(found[0]) == text:
        return found
    return ([{"use": "home", "text": text}] if text else []) + found[1:]


def _address_text(address: Values) -> str:
    if isinstance(address.get("text"), str):
        return str(address["text"])
    lines = address.get("line") or ()
    known = (address.get(name) for name in ("city", "district", "state", "postalCode", "country"))
    return ", ".join(str(one) for one in (*lines, *known) if one)


def postal(addresses: Any) -> list[str]:
    """Return the lines of an address as an envelope carries them; none where there is no address."""
    address = next((one for one in _objects(addresses) if one.get("use") != "old"), {})
    if isinstance(address.get("text"), str):
        return [line.strip() for line in str(address["text"]).splitlines() if line.strip()]
    town = " ".join(str(address[name]) for name in ("postalCode", "city") if address.get(name))
    rest = (address.get(name) for name in ("district", "state", "country"))
    lines = [*(address.get("line") or ()), town, *rest]
    return [str(line) for line in lines if line]


def _identifiers(given: Values, before: Any) -> list[Any]:
    found = list(_objects(before))
    old = _first_number(found)
    value, kind = given["id_number"], given["id_kind"]
    if old is not None and kind_of(old) == kind and value in ("", old.get("value")):
        # The form does not show the number; what is not typed anew stays.
        return found
    place = found.index(old) if old is not None else len(found)
    found[place : place + 1] = [number_of(kind, value)] if value else []
    return found


def _first_number(identifiers: Any) -> Values | None:
    """Return the number of a paper that the person showed; the clinic's own record number is none."""
    papers = [one for one in _objects(identifiers) if kind_of(one) != OTHER_NUMBER]
    return next(iter(papers), None)


def _objects(value: Any) -> list[Values]:
    found = value if isinstance(value, list | tuple) else ()
    return [part for part in found if isinstance(part, Mapping)]
