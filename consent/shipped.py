"""The purposes that every clinic begins with, as data; `consent.services.purposes.ship` makes the rows.

A clinic changes their words and grounds in the register; nothing here is read again for a row that exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from security.access.purposes import Purpose as P
from security.classification import Category as C

PATIENT_DATA = (C.DEMOGRAPHICS, C.IDENTIFIERS, C.APPOINTMENTS, C.CLINICAL, C.RESTRICTED)
CHANNELS = ("email", "sms", "wechat", "phone", "post")
CONSENT = {"hipaa": "authorisation", "gdpr": "consent", "pipl": "separate"}
# What a clinic can not do without: these are never retired.
ESSENTIAL = frozenset({"care", "emergency", "legal_duty"})


@dataclass(frozen=True, slots=True)
class Shipped:
    """One purpose as it is shipped."""

    key: str
    name: str
    name_zh: str
    description: str
    description_zh: str
    grounds: Mapping[str, str]
    uses: tuple[P, ...]
    categories: tuple[C, ...]
    level: int = 4
    people: tuple[str, ...] = ("patients",)
    channels: tuple[str, ...] = ()
    recipients: tuple[Mapping[str, Any], ...] = ()
    retention: str = "record"
    is_cross_border: bool = False
    needs_separate_consent: bool = False
    is_per_channel: bool = False
    retention_months: int | None = field(default=None)


def _to(name: str, name_zh: str, role: str = "controller") -> Mapping[str, Any]:
    return {"name": name, "name_zh": name_zh, "contact": "", "role": role}


PURPOSES: tuple[Shipped, ...] = (
    Shipped(
        "care",
        "Care",
        "诊疗服务",
        "Examine, treat and nurse patients, and keep the record that this takes.",
        "为患者提供检查、治疗和护理，并保存由此产生的病历。",
        {"hipaa": "treatment", "gdpr": "care", "pipl": "contract"},
        (P.TREAT, P.PATADMIN),
        PATIENT_DATA,
        5,
        ("patients", "children", "relatives"),
        recipients=(_to("Laboratories and specialists who treat", "参与诊疗的检验机构和专科医师"),),
    ),
    Shipped(
        "emergency",
        "Emergencies",
        "急救",
        "Protect life and health when there is no time to ask.",
        "在来不及征求同意时保护生命和健康。",
        {"hipaa": "treatment", "gdpr": "vital", "pipl": "emergency"},
        (P.ETREAT,),
        PATIENT_DATA,
        5,
        ("patients", "children", "relatives"),
    ),
    Shipped(
        "billing",
        "Billing",
        "收费与结算",
        "Bill what was done and settle it with patients and insurers.",
        "对已提供的服务收费，并与患者和保险机构结算。",
        {"hipaa": "payment", "gdpr": "care", "pipl": "contract"},
        (P.HPAYMT,),
        (C.DEMOGRAPHICS, C.IDENTIFIERS, C.BILLING, C.BILL_DIAGNOSIS),
        people=("patients", "relatives"),
        recipients=(_to("Health insurers", "医疗保险机构"),),
        retention="billing",
    ),
    Shipped(
        "operations",
        "Running the clinic",
        "机构运营",
        "Plan rooms and people, keep systems running, secure the quality of care.",
        "安排场所和人员，保障系统运行，确保诊疗质量。",
        {"hipaa": "operations", "gdpr": "care", "pipl": "contract"},
        (P.HOPERAT, P.PATADMIN, P.HSYSADMIN),
        (C.DEMOGRAPHICS, C.IDENTIFIERS, C.APPOINTMENTS, C.ADMINISTRATION, C.EXPORT),
        people=("patients", "staff"),
    ),
    Shipped(
        "legal_duty",
        "Duties of the law",
        "法定义务",
        "Keep the trail, answer rights requests, prove consent, secure data, report to authorities.",
        "保存操作记录，答复权利请求，证明已取得同意，保障数据安全，向主管部门报告。",
        {"hipaa": "law", "gdpr": "duty", "pipl": "duty"},
        (P.HCOMPL, P.PATRQT, P.HSYSADMIN),
        (C.CONSENT, C.RIGHTS, C.TRAIL, C.INCIDENTS, C.ACCOUNT, C.EXPORT),
        people=("patients", "relatives", "staff"),
        recipients=(_to("Supervisory authorities, where they ask", "依法要求提供的监管部门"),),
        retention="evidence",
    ),
    Shipped(
        "public_health",
        "Public health",
        "公共卫生",
        "Report notifiable diseases and vaccinations to the health authorities.",
        "依法向卫生主管部门报告法定传染病和预防接种情况。",
        {"hipaa": "public_health", "gdpr": "public_health", "pipl": "duty"},
        (P.HCOMPL,),
        (C.DEMOGRAPHICS, C.IDENTIFIERS, C.CLINICAL, C.RESTRICTED),
        5,
        ("patients", "children"),
        recipients=(_to("Centres for disease control", "疾病预防控制机构"),),
    ),
    Shipped(
        "reminders",
        "Reminders",
        "就诊提醒",
        "Remind patients of appointments and of what is due for their care.",
        "提醒患者就诊以及与诊疗有关的到期事项。",
        {"hipaa": "treatment", "gdpr": "care", "pipl": "contract"},
        (P.TREAT, P.HOPERAT),
        (C.DEMOGRAPHICS, C.APPOINTMENTS, C.MESSAGES),
        channels=CHANNELS,
        recipients=(
            _to("Senders of e-mail and text messages", "邮件和短信发送服务商", "processor"),
        ),
        retention="purpose",
        is_per_channel=True,
        retention_months=24,
    ),
    Shipped(
        "surveys",
        "Surveys",
        "满意度调查",
        "Ask patients how they were treated, so that the clinic gets better.",
        "了解患者的就诊体验，以改进服务。",
        {"hipaa": "operations", "gdpr": "consent", "pipl": "consent"},
        (P.HOPERAT,),
        (C.DEMOGRAPHICS, C.APPOINTMENTS, C.MESSAGES),
        channels=CHANNELS,
        retention="consent",
        is_per_channel=True,
        retention_months=24,
    ),
    Shipped(
        "marketing",
        "Marketing",
        "市场推广",
        "Tell people of offers of the clinic, over the channels they agreed to.",
        "通过本人同意的渠道告知本机构的服务信息。",
        CONSENT,
        (P.HMARKT,),
        (C.DEMOGRAPHICS, C.CAMPAIGNS, C.MESSAGES),
        people=("patients", "leads"),
        channels=CHANNELS,
        recipients=(
            _to("Senders of e-mail and text messages", "邮件和短信发送服务商", "processor"),
        ),
        retention="consent",
        needs_separate_consent=True,
        is_per_channel=True,
    ),
    Shipped(
        "education",
        "Health education",
        "健康教育",
        "Send people what helps them with their health, chosen by their record where they asked.",
        "向主动选择接收的人发送有助于其健康管理的内容，并可根据其病历选择内容。",
        CONSENT,
        (P.HOPERAT,),
        (C.DEMOGRAPHICS, C.CLINICAL, C.CAMPAIGNS, C.MESSAGES),
        channels=CHANNELS,
        recipients=(
            _to("Senders of e-mail and text messages", "邮件和短信发送服务商", "processor"),
        ),
        retention="consent",
        needs_separate_consent=True,
        is_per_channel=True,
    ),
    Shipped(
        "information",
        "Security tips and policy news",
        "安全提示与政策通知",
        "Tell people how to protect their data, and what changed in how the clinic uses them.",
        "告知人们如何保护自己的数据，以及本机构使用数据的方式有何变化。",
        {"hipaa": "operations", "gdpr": "interest", "pipl": "contract"},
        (P.HOPERAT,),
        (C.DEMOGRAPHICS, C.CAMPAIGNS),
        level=3,
        channels=CHANNELS,
        retention="purpose",
        is_per_channel=True,
        retention_months=24,
    ),
    Shipped(
        "research",
        "Research",
        "科学研究",
        "Use data for studies that an ethics committee approved.",
        "将数据用于经伦理委员会批准的研究。",
        CONSENT,
        (P.HOPERAT,),
        (C.DEMOGRAPHICS, C.CLINICAL),
        retention="consent",
        needs_separate_consent=True,
    ),
    Shipped(
        "teaching",
        "Teaching",
        "教学",
        "Use findings and pictures to teach physicians and nurses.",
        "将检查结果和影像用于医护人员的教学。",
        CONSENT,
        (P.HOPERAT,),
        (C.CLINICAL,),
        retention="consent",
        needs_separate_consent=True,
    ),
    Shipped(
        "sharing",
        "Sharing with others",
        "向第三方提供",
        "Give data to somebody outside whom the patient names; one agreement for each recipient.",
        "向患者指定的外部接收方提供数据；每个接收方须单独同意。",
        CONSENT,
        (P.PATRQT, P.HOPERAT),
        (C.DEMOGRAPHICS, C.IDENTIFIERS, C.APPOINTMENTS, C.CLINICAL, C.RESTRICTED, C.BILLING),
        5,
        recipients=(_to("Whom the patient names", "患者指定的接收方"),),
        retention="evidence",
        needs_separate_consent=True,
        is_per_channel=True,
    ),
    Shipped(
        "family",
        "Telling relatives",
        "告知家属",
        "Tell the people whom a patient names how the patient is.",
        "向患者指定的人员告知其病情。",
        {"hipaa": "opportunity", "gdpr": "consent", "pipl": "consent"},
        (P.TREAT, P.PATRQT),
        (C.DEMOGRAPHICS, C.APPOINTMENTS, C.CLINICAL),
        people=("patients", "children", "relatives"),
        retention="consent",
    ),
    Shipped(
        "portal",
        "Patient portal",
        "患者门户",
        "Show patients their own record and let them write to the clinic.",
        "向患者展示其本人病历，并供其与本机构联系。",
        {"hipaa": "patient", "gdpr": "care", "pipl": "contract"},
        (P.PATRQT,),
        (*PATIENT_DATA, C.BILLING, C.MESSAGES, C.CONSENT, C.RIGHTS, C.ACCOUNT),
        5,
        ("patients", "relatives"),
        retention="purpose",
        retention_months=24,
    ),
    Shipped(
        "abroad",
        "Transfer abroad",
        "向境外提供",
        "Give data to a recipient in another country, named in the cross-border register.",
        "向登记在册的境外接收方提供数据。",
        CONSENT,
        (P.PATRQT, P.HOPERAT),
        (C.DEMOGRAPHICS, C.IDENTIFIERS, C.CLINICAL),
        retention="evidence",
        is_cross_border=True,
        needs_separate_consent=True,
        is_per_channel=True,
    ),
    Shipped(
        "staff",
        "Employment",
        "人事管理",
        "Keep accounts, roles and training of the people who work here.",
        "管理工作人员的账户、角色和培训。",
        {"hipaa": "operations", "gdpr": "duty", "pipl": "contract"},
        (P.HSYSADMIN, P.HCOMPL),
        (C.ACCOUNT, C.ADMINISTRATION),
        people=("staff",),
        retention="staff",
    ),
)
