"""A bundle as entries that know their source, and the references between them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from django.utils.translation import gettext as _

from patients.fhir import codes, values, versions
from patients.fhir.parsing import Unreadable

TYPES_READ = ("transaction", "batch", "collection")
ENTRY_LIMIT = 200_000
_NAME = re.compile(r"[A-Za-z]{1,60}")
_UUID = re.compile(r"(urn:uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LOCAL = re.compile(
    r"(?P<base>https?://.+/)?(?P<type>[A-Z][A-Za-z]{1,60})/(?P<id>[A-Za-z0-9.-]{1,64})(/_history/.+)?"
)
_CONDITIONAL = re.compile(r"(?P<type>[A-Z][A-Za-z]{1,60})\?identifier=(?P<token>.+)")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one entry: its place and the reason, never a value."""

    index: int
    type: str
    path: str
    reason: str

    def __str__(self) -> str:
        """Return the problem as one line."""
        place = ".".join(part for part in (self.type, self.path) if part)
        return f"entry[{self.index}] {place}: {self.reason}".replace("  ", " ")


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of a bundle."""

    index: int
    full_url: str
    resource: dict[str, Any]

    @property
    def type(self) -> str:
        """Return the resource's type."""
        return str(self.resource["resourceType"])

    @property
    def id(self) -> str:
        """Return the resource's id, else the UUID it is known by in its bundle."""
        found = self.resource.get("id")
        return found if isinstance(found, str) else self.full_url.removeprefix("urn:uuid:")

    @property
    def base(self) -> str:
        """Return the address of the server it came from, where the entry tells."""
        match = _LOCAL.fullmatch(self.full_url)
        return (match["base"] or "") if match else ""

    @property
    def source(self) -> str:
        """Return what tells this resource from every other one of its source."""
        return f"{self.base}|{self.type}|{self.id}"

    @property
    def is_unique(self) -> bool:
        """Tell whether the source can not be that of another resource elsewhere."""
        return bool(self.base or _UUID.fullmatch(self.id))

    def problem(self, path: str, reason: str) -> Problem:
        """Return a problem of this entry."""
        return Problem(self.index, self.type, path, reason)


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a reference leads: to an entry, or outside by source text or by (system, value)."""

    entry: Entry | None = None
    type: str = ""
    source: str = ""
    identifier: tuple[str, str] | None = None


@dataclass(slots=True)
class Bundle:
    """The entries of a bundle, findable by address, by id and by identifier."""

    entries: list[Entry]
    problems: list[Problem] = field(default_factory=list)
    _by_url: dict[str, Entry] = field(default_factory=dict)
    _by_id: dict[tuple[str, str], Entry] = field(default_factory=dict)
    _by_identifier: dict[tuple[str, str, str], Entry] = field(default_factory=dict)

    def index(self) -> None:
        """Learn where every entry is found; one that comes again is a problem and is left out."""
        self.entries = [entry for entry in self.entries if self._is_new(entry)]
        for entry in self.entries:
            for system, value in identifiers(entry.resource):
                other = self._by_identifier.setdefault((entry.type, system, value), entry)
                if entry.type == "Patient" and other is not entry:
                    reason = _("another patient has the same identifier")
                    self.problems.append(entry.problem("identifier", reason))

    def _is_new(self, entry: Entry) -> bool:
        by_id = self._by_id.setdefault((f"{entry.base}{entry.type}", entry.id), entry)
        by_url = self._by_url.setdefault(entry.full_url, entry) if entry.full_url else entry
        if by_id is not entry:
            self.problems.append(entry.problem("id", _("another entry has the same id")))
        elif by_url is not entry:
            self.problems.append(entry.problem("fullUrl", _("another entry has this address")))
        return by_id is entry and by_url is entry

    def of_type(self, *types: str) -> list[Entry]:
        """Return the entries of some types."""
        return [entry for entry in self.entries if entry.type in types]

    def follow(self, reference: Any, *, of: Entry, type: str = "") -> Pointer | None:
        """Return where a reference leads; None when it says nothing, or points inside."""
        if not isinstance(reference, dict):
            return None
        text = reference.get("reference")
        if isinstance(text, str) and text and not text.startswith("#"):
            return self._follow_text(text, of, type)
        identifier = reference.get("identifier")
        if not isinstance(text, str) and isinstance(identifier, dict):
            said = reference.get("type")
            return self._by_token(
                str(said) if isinstance(said, str) else type, *token_of(identifier)
            )
        return None

    def _follow_text(self, text: str, of: Entry, type: str) -> Pointer | None:
        if text in self._by_url:
            return Pointer(self._by_url[text])
        if text.startswith("urn:uuid:"):
            return Pointer(type=type, source=f"|{type}|{text.removeprefix('urn:uuid:')}")
        if match := _CONDITIONAL.fullmatch(text):
            system, _bar, value = unquote(match["token"]).rpartition("|")
            return self._by_token(match["type"], system, value)
        if match := _LOCAL.fullmatch(text):
            base = match["base"] or of.base
            found = self._by_id.get((f"{base}{match['type']}", match["id"]))
            if found is None and not match["base"]:
                found = self._by_id.get((match["type"], match["id"]))
            return Pointer(found, match["type"], f"{base}|{match['type']}|{match['id']}")
        return Pointer(type=type)

    def _by_token(self, type: str, system: str, value: str) -> Pointer:
        found = self._by_identifier.get((type, system, value))
        return Pointer(found, type, identifier=(system, value))


def token_of(identifier: dict[str, Any]) -> tuple[str, str]:
    """Return system and value of an Identifier, empty where it has none."""
    system, value = identifier.get("system"), identifier.get("value")
    return system if isinstance(system, str) else "", value.strip() if isinstance(
        value, str
    ) else ""


def identifiers(resource: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the identifiers a resource is recognised by: with a system, and in use."""
    found = values.parts(resource.get("identifier") or ())
    pairs = [token_of(part) for part in found if part.get("use") not in ("old", "temp")]
    return list(dict.fromkeys(pair for pair in pairs if all(pair)))


def read(tree: Any) -> Bundle:
    """Return the bundle in a JSON tree; raise Unreadable when it is none, or of another version."""
    _check_envelope(tree)
    entries = tree.get("entry")
    if not isinstance(entries, list) or not entries:
        raise Unreadable(_("The bundle holds no entries."))
    if len(entries) > ENTRY_LIMIT:
        raise Unreadable(_("It holds more than %(limit)d entries.") % {"limit": ENTRY_LIMIT})
    bundle = Bundle([])
    for number, raw in enumerate(entries):
        found = _entry(number, raw)
        if isinstance(found, Entry):
            bundle.entries.append(found)
        else:
            bundle.problems.append(found)
    bundle.index()
    return bundle


def _check_envelope(tree: Any) -> None:
    if not isinstance(tree, dict) or "resourceType" not in tree:
        raise Unreadable(_("It is JSON, but no FHIR resource."))
    versions.check(tree, "")
    said = tree["resourceType"]
    if said != "Bundle":
        name = said if isinstance(said, str) and _NAME.fullmatch(said) else "?"
        raise Unreadable(_("It is a single resource (%(name)s), not a Bundle.") % {"name": name})
    if tree.get("type") not in TYPES_READ:
        raise Unreadable(_("It is not a bundle of type transaction, batch or collection."))


def _entry(number: int, raw: Any) -> Entry | Problem:
    resource = raw.get("resource") if isinstance(raw, dict) else None
    if not isinstance(resource, dict):
        return Problem(number, "", "resource", _("the entry holds no resource"))
    name = resource.get("resourceType")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return Problem(number, "", "resourceType", _("the resource does not say its type"))
    versions.check(resource, f"entry[{number}]")
    if name not in codes.R4_TYPES:
        return Problem(number, name, "", _("FHIR R4 has no such type"))
    entry = Entry(number, raw["fullUrl"] if isinstance(raw.get("fullUrl"), str) else "", resource)
    return next(_entry_problems(entry, raw), entry)


def _entry_problems(entry: Entry, raw: dict[str, Any]) -> Iterator[Problem]:
    if "id" in entry.resource and not isinstance(entry.resource["id"], str):
        yield entry.problem("id", _("text is expected here"))
    if not entry.id:
        yield entry.problem("id", _("neither id nor fullUrl: it could not be recognised again"))
    if len(entry.source) > 400:
        yield entry.problem("id", _("too long"))
    request = raw.get("request")
    method = request.get("method") if isinstance(request, dict) else None
    if method not in (None, "POST", "PUT"):
        yield entry.problem(
            "request.method", _("only resources to keep are read, no other requests")
        )
