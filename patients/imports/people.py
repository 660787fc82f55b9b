"""Importing patients: name, birth, ways to reach them, their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from patients.fhir.mapping import PATIENT
from patients.imports import cells, rows
from patients.imports.faults import Fault
from patients.imports.registry import Column, Importer, Line, Plan
from patients.models import Patient, PatientIndex
from security import context
from security.access.permissions import Permission

_MEDICAL_RECORD = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]
}
COLUMNS = (
    Column(
        "record_number", _("Record number"), cells.number, True, "P-10482",
        "mrn,patient id,patient number,patient no,id,chart number,病历号,病案号,患者编号,就诊卡号,编号",
    ),
    Column(
        "family", _("Family name"), cells.text, example="Ouyang",
        synonyms="last name,last,surname,lastname,familyname,姓,姓氏",
    ),
    Column(
        "given", _("Given name"), cells.text, example="Xuemei",
        synonyms="first name,first,forename,firstname,givenname,名,名字",
    ),
    Column(
        "name", _("Full name"), cells.text, example="欧阳雪梅",
        synonyms="patient name,fullname,姓名,患者姓名,全名",
    ),
    Column(
        "birth_on", _("Date of birth"), cells.past_day, example="1990-12-31",
        synonyms="birth date,birthdate,dob,birthday,born,date of birth,出生日期,生日,出生年月",
    ),
    Column("sex", _("Sex"), cells.sex, example="female", synonyms="gender,性别"),
    Column(
        "phone", _("Phone number"), cells.phone, example="+86 138 0013 8000",
        synonyms="phone,mobile,telephone,tel,cell,电话,手机,手机号,联系电话,电话号码",
    ),
    Column(
        "email", _("E-mail address"), cells.email, example="name@example.org",
        synonyms="email,mail,e-mail,邮箱,电子邮箱,电子邮件",
    ),
    Column(
        "national_id", _("Identity number"), cells.number, example="110101199001011234",
        synonyms="national id,identity card,id card,ssn,passport,身份证,身份证号,身份证号码,证件号码",
    ),
    Column(
        "address", _("Street and house number"), cells.text, example="12 Nanjing Road",
        synonyms="address,street,address line,地址,住址,家庭住址",
    ),
    Column("city", _("City"), cells.text, example="Shanghai", synonyms="town,城市,市"),
    Column(
        "postal_code", _("Postal code"), cells.text, example="200001",
        synonyms="zip,postcode,zip code,邮编,邮政编码",
    ),
)  # fmt: skip


def resource_of(line: Line) -> dict[str, Any]:
    """Return a line as the resource that the record keeps and gives back."""
    said = line.said
    numbers: list[dict[str, Any]] = [
        rows.identifier("record-number", said["record_number"]) | {"type": _MEDICAL_RECORD}
    ]
    if "national_id" in said:
        numbers.append(rows.identifier("identity-number", said["national_id"]))
    name: dict[str, Any] = {"use": "official"}
    name |= {"text": said["name"]} if "name" in said else {}
    name |= {"family": said["family"]} if "family" in said else {}
    name |= {"given": [said["given"]]} if "given" in said else {}
    reached = [
        {"system": system, "value": said[key]}
        for key, system in (("phone", "phone"), ("email", "email"))
        if key in said
    ]
    found = {"resourceType": "Patient", "identifier": numbers, "name": [name]}
    found |= {"telecom": reached} if reached else {}
    found |= {"gender": said["sex"]} if "sex" in said else {}
    found |= {"birthDate": said["birth_on"]} if "birth_on" in said else {}
    return found | _address(said)


def _address(said: Mapping[str, Any]) -> dict[str, Any]:
    place = {"line": [said["address"]]} if "address" in said else {}
    place |= {"city": said["city"]} if "city" in said else {}
    place |= {"postalCode": said["postal_code"]} if "postal_code" in said else {}
    return {"address": [place]} if place else {}


def plan(lines: Sequence[Line]) -> Plan:
    """Plan who is registered: known numbers are recognised, those of others are refused."""
    here = _Here(lines)
    found = Plan()
    for line in lines:
        if "family" not in line.said and "name" not in line.said:
            line.refuse("name", "family")
            continue
        said = rows.read(line, PATIENT, resource_of(line))
        if said is not None:
            here.place(found, line, said)
    return found


class _Here:
    """Who is here already, by what the lines say of them."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.keys = {
            one.number: rows.key_of("patients", one.said["record_number"]) for one in lines
        }
        found = Patient.objects.select_for_update(of=("self",)).filter(
            source_key__in=list(self.keys.values())
        )
        known = {bytes(row.source_key): row for row in found if row.source_key is not None}
        self.own = {key: row for key, row in known.items() if row.merged_into_id is None}
        # Merged into another record meanwhile: that one is met, or nobody is.
        self.gone = set(known) - set(self.own)
        numbers = [
            one.said[name] for one in lines for name in ("record_number", "national_id") if name in one.said
        ]  # fmt: skip
        self.numbers = rows.holders("identifier", numbers)
        self.phones = rows.holders(
            "phone", [one.said["phone"] for one in lines if "phone" in one.said]
        )
        held = {
            next(iter(ids))
            for one in lines
            if len(ids := self.numbers.get(one.said["record_number"], set())) == 1
        }
        foreign = held - {row.pk for row in self.own.values()}
        held_here = {one for ids in self.numbers.values() for one in ids}
        self.closed = rows.closed(held_here | {row.pk for row in self.own.values()})
        self.foreign = {row.pk: row for row in Patient.objects.filter(pk__in=foreign)}

    def place(self, found: Plan, line: Line, said: dict[str, Any]) -> None:
        """Decide what becomes of one line."""
        key = self.keys[line.number]
        own = self.own.get(key)
        named = self.numbers.get(line.said["record_number"], set()) - ({own.pk} if own else set())
        identity = line.said.get("national_id", "")
        same_person = self.numbers.get(identity, set()) - ({own.pk} if own else set()) - named
        if self.closed & (named | same_person | ({own.pk} if own else set())):
            line.refuse("not_open", "record_number")
        elif same_person:
            line.refuse("other_patient", "national_id")
        elif own is not None:
            rows.meet(found, line, own, said)
        elif named:
            self._meet_foreign(found, line, named, said)
        elif key in self.gone:
            line.refuse("merged", "record_number")
        else:
            self._register(found, line, said, key)

    def _meet_foreign(
        self, found: Plan, line: Line, named: set[UUID], said: Mapping[str, Any]
    ) -> None:
        """Leave a patient who was registered otherwise as is, if it can be the same person."""
        row = self.foreign.get(next(iter(named))) if len(named) == 1 else None
        if row is None:
            line.refuse("several", "record_number")
            return
        with context.matching():
            born = row.birth_on
        if born and said.get("birth_on") not in (None, born):
            line.refuse("other_birth", "birth_on")
            return
        line.faults.append(Fault("registered", "record_number", is_warning=True))
        found.known[line.number] = row.pk
        found.unchanged += 1

    def _register(self, found: Plan, line: Line, said: dict[str, Any], key: bytes) -> None:
        if line.said.get("phone") in self.phones:
            line.faults.append(Fault("alike", "phone", is_warning=True))
        patient = Patient(source_key=key, **said)
        found.created.append(patient)
        found.known[line.number] = patient.pk
        # A later line of the same rows with this identity number is somebody else's mistake.
        if "national_id" in line.said:
            self.numbers.setdefault(line.said["national_id"], set()).add(patient.pk)


PATIENTS = Importer(
    "patients",
    _("Patients"),
    _("Registers patients: name, birth, phone, address and numbers. Known record numbers are recognised."),
    "users",
    Patient,
    (Permission.DEMOGRAPHICS_WRITE, Permission.IDENTIFIERS_WRITE),
    COLUMNS,
    plan,
    identity="record_number",
    one_of=(("family", "name"),),
    index=PatientIndex,
    reading=(Permission.DEMOGRAPHICS_READ, Permission.IDENTIFIERS_READ),
)  # fmt: skip
