"""Who works in the demo clinic: two people a role, and a doctor who has left."""

from __future__ import annotations

from dataclasses import dataclass

DOMAIN = "demo.example"
# Known to everybody: these accounts exist in the demo alone, where DEBUG is on.
KNOWN_PHRASE = "demo-clinic-2026"


@dataclass(frozen=True)
class Doctor:
    """A physician as the directory shows one."""

    key: str
    number: str
    family: str
    given: str
    shown: str
    sex: str
    specialty: tuple[str, str]
    account: str = ""


@dataclass(frozen=True)
class Account:
    """A sign-in of the demo: its role, where the person works, and the name on the door."""

    role: str
    serial: int
    name: str
    unit: str
    teams: tuple[str, ...] = ()
    cleared: bool = False

    @property
    def handle(self) -> str:
        """Tell the short name that is typed at the keyboard."""
        return f"{self.role}{self.serial}"

    @property
    def email(self) -> str:
        """Tell the sign-in name."""
        return f"{self.handle}@{DOMAIN}"


DOCTORS = {
    "lin": Doctor(
        "lin",
        "D001",
        "Lin",
        "Zhiyuan",
        "Lin Zhiyuan 林知远",
        "male",
        ("Internal medicine", "内科"),
        "physician1",
    ),
    "marsh": Doctor(
        "marsh",
        "D002",
        "Marsh",
        "Helen",
        "Helen Marsh 马海伦",
        "female",
        ("General practice and paediatrics", "全科与儿科"),
        "physician2",
    ),
    "luo": Doctor(
        "luo", "D003", "Luo", "Weidong", "Luo Weidong 罗卫东", "male", ("General practice", "全科")
    ),
}
ACCOUNTS = (
    Account("physician", 1, "Lin Zhiyuan 林知远", "internal", ("chronic",), cleared=True),
    Account("physician", 2, "Helen Marsh 马海伦", "paediatrics", ("family",)),
    Account("nurse", 1, "Zhou Jingyi 周静怡", "internal", ("chronic",)),
    Account("nurse", 2, "Daniel Okafor 欧丹尼", "paediatrics", ("family",)),
    Account("receptionist", 1, "Xu Xiaotong 许晓彤", "reception"),
    Account("receptionist", 2, "Marta Santos 桑玛塔", "reception"),
    Account("finance", 1, "Zheng Liwen 郑立文", "finance"),
    Account("finance", 2, "Peter Novak 诺彼得", "finance"),
    Account("engagement", 1, "Tang Yiming 唐一鸣", "engagement"),
    Account("engagement", 2, "Sofia Rossi 罗索菲", "engagement"),
    Account("compliance_officer", 1, "He Zhengping 何正平", "compliance"),
    Account("compliance_officer", 2, "Ingrid Larsen 拉英格", "compliance"),
    Account("auditor", 1, "Qin Mingzhe 秦明哲", "compliance"),
    Account("auditor", 2, "Rachel Stein 史瑞秋", "compliance"),
    Account("administrator", 1, "Gao Zhiqiang 高志强", "systems"),
    Account("administrator", 2, "Omar Haddad 哈欧玛", "systems"),
)
# Colleagues who are patients as well, by the key of the person: they stay out of their own record.
EMPLOYEES = {"receptionist1": "xu-xiaotong"}
# Patients who may sign in to see their own record, by the key of the person.
PORTAL = {
    "patient1": "ouyang-xuemei",
    "patient2": "oconnor",
    "patient3": "miller-sarah",
}


@dataclass(frozen=True)
class Room:
    """A part of the organisation, in both languages, and what it belongs to."""

    name: str
    name_zh: str
    kind: str
    parent: str = ""


ROOMS = {
    "clinic": Room("Custodia Demo Clinic", "安护示范诊所", "clinic"),
    "internal": Room("Internal medicine", "内科", "department", "clinic"),
    "paediatrics": Room("General practice and paediatrics", "全科与儿科", "department", "clinic"),
    "reception": Room("Reception", "接待处", "department", "clinic"),
    "finance": Room("Finance", "财务科", "department", "clinic"),
    "engagement": Room("Patient engagement", "患者服务部", "department", "clinic"),
    "compliance": Room("Compliance and audit", "合规与审计部", "department", "clinic"),
    "systems": Room("Information systems", "信息科", "department", "clinic"),
    "chronic": Room("Chronic care team", "慢病管理组", "team", "internal"),
    "family": Room("Family and child team", "家庭与儿童组", "team", "paediatrics"),
}
