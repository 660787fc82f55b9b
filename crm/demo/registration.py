"""The front desk: names, numbers, contacts, cover and doctor, all of them invented."""

from __future__ import annotations

from crm.demo.chart import RESTRICTED, SYSTEM, Chart, Resource
from crm.demo.people import Person
from crm.demo.staff import DOCTORS, Doctor
from patients.identity import RESIDENT_ID, check_mark

V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
NAME_FORM = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
# No region begins with a nought, so no person ever bears such a number.
NO_REGION = "009900"
LABELS = {
    "vip": ("CEL", "celebrity information sensitivity"),
    "employee": ("EMP", "employee information sensitivity"),
}
STREETS = (
    ("Haitang Road", "海棠路"),
    ("Qingshi Lane", "青石巷"),
    ("Lotus Street", "荷花街"),
    ("Willow Bridge Road", "柳桥路"),
    ("Old Ferry Road", "古渡路"),
)
COVERS = {
    "employee": ("EHCPOL", "Employee basic medical insurance · 职工基本医疗保险"),
    "resident": ("PUBLICPOL", "Resident basic medical insurance · 城乡居民基本医疗保险"),
    "commercial": ("EHCPOL", "Commercial health insurance · 商业健康保险"),
    "self": ("pay", "Self-pay · 自费"),
}
SELF_PAY = "http://terminology.hl7.org/CodeSystem/coverage-selfpay"


def register(chart: Chart) -> None:
    """Write the patient, the clinic, the doctor in charge and the cover."""
    chart.clinic, fund = add_clinic(chart), add_fund(chart)
    for key in filter(None, (chart.person.doctor, chart.person.also)):
        chart.doctors[key] = add_doctor(chart, DOCTORS[key])
    chart.patient = chart.add("Patient", patient(chart), labels=labels(chart.person))
    chart.coverage = chart.add("Coverage", coverage(chart, fund))


def add_clinic(chart: Chart) -> str:
    """Write the clinic itself."""
    body = {
        "identifier": [{"system": f"{SYSTEM}/organizations", "value": "CLINIC"}],
        "active": True,
        "name": "Custodia Demo Clinic 安护示范诊所",
        "telecom": [{"system": "email", "value": "desk@demo.example"}],
        "address": [{"city": "Anhe 安和市", "country": "CN"}],
    }
    return chart.add("Organization", body, key="clinic")


def add_fund(chart: Chart) -> str:
    """Write who pays; nobody but the patient for those without cover."""
    if chart.person.cover == "self":
        return ""
    names = {
        "commercial": ("INSURER", "Blue Crane Insurance (demo) 蓝鹤保险"),
        "employee": ("FUND", "Anhe Health Insurance Fund (demo) 安和医保基金"),
        "resident": ("FUND", "Anhe Health Insurance Fund (demo) 安和医保基金"),
    }
    number, name = names[chart.person.cover]
    body = {
        "identifier": [{"system": f"{SYSTEM}/organizations", "value": number}],
        "active": True,
        "name": name,
    }
    return chart.add("Organization", body, key=number.lower())


def add_doctor(chart: Chart, doctor: Doctor) -> str:
    """Write a doctor of the directory."""
    body = {
        "identifier": [{"system": f"{SYSTEM}/staff", "value": doctor.number}],
        "active": bool(doctor.account),
        "name": [
            {
                "use": "official",
                "text": doctor.shown,
                "family": doctor.family,
                "given": [doctor.given],
                "prefix": ["Dr"],
            }
        ],
        "gender": doctor.sex,
        "qualification": [{"code": {"text": " · ".join(doctor.specialty)}}],
    }
    return chart.add("Practitioner", body, key=doctor.key)


def patient(chart: Chart) -> Resource:
    """Write the patient as the front desk took the details down."""
    person = chart.person
    body: Resource = {
        "active": True,
        "identifier": identifiers(chart),
        "name": names(person),
        "telecom": telecoms(chart),
        "gender": person.sex,
        "birthDate": chart.birth_on.isoformat(),
        "address": [address(chart)],
        "communication": communication(person),
        "generalPractitioner": [{"reference": chart.doctors[person.doctor]}],
        "managingOrganization": {"reference": chart.clinic},
    }
    if person.kin:
        name, tie = person.kin
        body["contact"] = [{"relationship": [{"text": tie}], "name": {"text": name}}]
    if person.died_days_ago:
        body["deceasedDateTime"] = chart.almanac.at(person.died_days_ago, chart.dice).isoformat()
    return body


def labels(person: Person) -> list[Resource]:
    """Write the security labels of a chart that is not everybody's to open."""
    if person.confidentiality not in LABELS:
        return []
    code, display = LABELS[person.confidentiality]
    return [{"system": ACT_CODE, "code": code, "display": display}, RESTRICTED]


def names(person: Person) -> list[Resource]:
    """Write the names: the official one, its reading, the one used among friends."""
    found: list[Resource] = []
    if person.han:
        family, given = person.han
        text = family + given
        found.append({"use": "official", "text": text, "family": family, "given": [given]})
    if person.pinyin:
        family, given = person.pinyin
        reading = {"url": NAME_FORM, "valueCode": "SYL"}
        found.append(
            {
                "extension": [reading],
                "use": "official",
                "text": f"{family} {given}",
                "family": family,
                "given": [given],
            }
        )
    if person.latin:
        family, given = person.latin
        use = "usual" if person.han else "official"
        given_names = given.split(" ")
        text = f"{given} {family}"
        found.append({"use": use, "text": text, "family": family, "given": given_names})
    return found


def identifiers(chart: Chart) -> list[Resource]:
    """Write the record number and the paper the person showed."""
    serial = chart.dice.between(1000, 9999)
    number = f"AH-{100000 + chart.person.number}"
    found = [_identifier("MR", "Medical record number", f"{SYSTEM}/record-number", number)]
    if chart.person.origin == "CN":
        found.append(
            _identifier("NI", "Resident identity number", RESIDENT_ID, resident_number(chart))
        )
    else:
        passport = f"XX{serial:04d}00{chart.person.number:02d}"
        found.append(_identifier("PPN", "Passport number", f"{SYSTEM}/passport", passport))
    return found


def _identifier(code: str, text: str, system: str, value: str) -> Resource:
    return {
        "type": {"coding": [{"system": V2_0203, "code": code}], "text": text},
        "system": system,
        "value": value,
    }


def resident_number(chart: Chart) -> str:
    """Write a number of the right shape and check mark, in a region that does not exist."""
    order = 2 * chart.dice.between(50, 480) + (chart.person.sex == "male")
    digits = f"{NO_REGION}{chart.birth_on:%Y%m%d}{order:03d}"
    return digits + check_mark(digits)


def telecoms(chart: Chart) -> list[Resource]:
    """Write a telephone number of a range kept for fiction, and an address at example.org."""
    person, tail = chart.person, chart.person.number * 137 % 1000
    phones = {
        # 154 is given to no network; the others are the ranges kept for drama.
        "CN": f"+86 154 0000 {tail:04d}",
        "US": f"+1 617 555 01{tail % 100:02d}",
    }
    phone = phones.get(person.origin, f"+44 7700 900{tail:03d}")
    found = [{"system": "phone", "value": phone, "use": "mobile"}]
    if person.age < 80 and not person.kin:
        found.append({"system": "email", "value": f"{person.key}@example.org", "use": "home"})
    return found


def address(chart: Chart) -> Resource:
    """Write an address in the invented city of Anhe."""
    english, chinese = chart.dice.pick(STREETS)
    house = chart.dice.between(2, 188)
    line = f"{chinese}{house}号" if chart.person.origin == "CN" else f"{house} {english}"
    return {"use": "home", "line": [line], "city": "安和市 Anhe", "postalCode": "000000"}


def communication(person: Person) -> list[Resource]:
    """Write which language the clinic speaks with the person."""
    spoken = [("zh-CN", "Chinese 中文")] if person.origin == "CN" else [("en", "English")]
    if person.origin == "CN" and person.latin:
        spoken.append(("en", "English"))
    return [
        {
            "language": {
                "coding": [{"system": "urn:ietf:bcp:47", "code": code, "display": shown}],
                "text": shown,
            },
            "preferred": place == 0,
        }
        for place, (code, shown) in enumerate(spoken)
    ]


def coverage(chart: Chart, fund: str) -> Resource:
    """Write the insurance, or that there is none."""
    code, text = COVERS[chart.person.cover]
    system = ACT_CODE if fund else SELF_PAY
    body: Resource = {
        "status": "active",
        "type": {"coding": [{"system": system, "code": code}], "text": text},
        "beneficiary": {"reference": chart.patient},
        "payor": [{"reference": fund or chart.patient}],
        "period": {"start": chart.almanac.on(360).isoformat()},
    }
    if chart.person.months:
        body["period"]["start"] = max(chart.birth_on, chart.almanac.on(360)).isoformat()
    if fund:
        body["subscriberId"] = f"DEMO-{chart.person.number:06d}"
    return body
