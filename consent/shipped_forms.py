"""Words that come with the product, in both languages, for the purposes that rest on consent.

They are drafts: an officer reads them, writes in what is the clinic's own, and publishes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Text = Mapping[str, str]
EN, ZH = "en", "zh-hans"


@dataclass(frozen=True, slots=True)
class Shipped:
    """The words of one form by language, and how long an agreement holds."""

    months: int | None
    words: Mapping[str, Text]
    ask_again_days: int = 180


# What every form says in the same words.
SHARED: Mapping[str, Text] = {
    EN: {
        "controller": "{clinic} asks you, and nobody else uses or discloses the data for this. Its"
        " address and"
        " telephone number stand on every letter and at the reception.",
        "voluntary": "You are free to refuse. Your care and what it costs stay the same. This page asks for"
        " one thing only.",
        "withdrawal": "You can stop this at any time and without a reason: at the reception, by"
        " telephone, by"
        " letter or in the patient portal. It holds from that moment. What was done before stays"
        " lawful, and"
        " what somebody already relied on can not be called back.",
        "conditioning": "The clinic may not let your care, a payment, enrolment or benefits depend on your"
        " signature.",
        "redisclosure": "Who receives the data may pass them on; the law may then protect them no longer.",
        "signature": "You sign with your name and the date. Who signs for you says on what authority.",
    },
    ZH: {
        "controller": "由{clinic}征求您的同意，此目的下不会有其他人使用或披露您的信息。"
        "地址和电话印在每封信函上，前台也有公示。",
        "voluntary": "您可以拒绝。拒绝不会影响您的诊疗和费用。本页只征求这一项同意。",
        "withdrawal": "您可以随时撤回，无需说明理由：到前台、打电话、写信或在患者门户中办理均可，"
        "撤回后立即生效。"
        "撤回之前的处理仍然合法，他人已据此完成的事项无法收回。",
        "conditioning": "医院不得以您是否签字作为诊疗、付款、参保或享受待遇的条件。",
        "redisclosure": "收到信息的一方可能再次披露，届时信息可能不再受法律保护。",
        "signature": "请签名并注明日期。代为签字的人须说明其代理依据。",
    },
}
FORMS: Mapping[str, Shipped] = {
    "reminders": Shipped(
        None,
        {
            EN: {
                "title": "Reminders of your appointments",
                "purpose": "To remind you of appointments and of check-ups that are due.",
                "data": "Your name, how we reach you, day and place of the appointment; no diagnosis.",
                "processing": "The system sends a short message on the channel that you choose.",
                "recipients": "The company that delivers the message on that channel; it sees the"
                " message only.",
                "necessity": "That you come to a clinic is health information. Who reads your"
                " messages may learn of it.",
                "retention": "The messages are deleted after 12 months.",
                "expiry": "This ends when you stop it or are no longer our patient.",
                "abroad": "The data do not leave the country.",
            },
            ZH: {
                "title": "预约提醒",
                "purpose": "提醒您已预约的就诊和到期的复查。",
                "data": "您的姓名、联系方式、就诊日期和地点；不含诊断。",
                "processing": "系统通过您选择的方式发送简短消息。",
                "recipients": "负责发送消息的服务商，仅能看到消息内容。",
                "necessity": "就诊本身即属健康信息。能看到您消息的人可能由此得知。",
                "retention": "消息保存12个月后删除。",
                "expiry": "至您撤回或不再是本院患者时止。",
                "abroad": "信息不会提供到境外。",
            },
        },
    ),
    "surveys": Shipped(
        24,
        {
            EN: {
                "title": "Questions about your visit",
                "purpose": "To ask how you found your visit, and to do better.",
                "data": "Your name, how we reach you, day and department of the visit, and your answers.",
                "processing": "We send a short questionnaire; answers are counted together, without names.",
                "recipients": "Nobody outside the clinic.",
                "necessity": "The department may tell what you came for; without it the answers"
                " could not be used.",
                "retention": "Answers lose your name after 3 months.",
                "expiry": "This ends two years after you agreed.",
                "abroad": "The data do not leave the country.",
            },
            ZH: {
                "title": "就诊满意度调查",
                "purpose": "了解您的就诊感受，改进服务。",
                "data": "您的姓名、联系方式、就诊日期和科室，以及您的回答。",
                "processing": "我们发送简短问卷；回答去除姓名后合并统计。",
                "recipients": "不提供给院外任何人。",
                "necessity": "就诊科室可能透露您的病情；没有科室信息则无法使用调查结果。",
                "retention": "3个月后删除回答中的姓名。",
                "expiry": "自同意之日起两年后失效。",
                "abroad": "信息不会提供到境外。",
            },
        },
    ),
    "marketing": Shipped(
        24,
        {
            EN: {
                "title": "News and offers of the clinic",
                "purpose": "To tell you of courses, check-ups and other offers of the clinic. The"
                " clinic is paid by"
                " nobody for it.",
                "data": "Your name, age group and how we reach you on this one channel; no diagnosis.",
                "processing": "We choose by age group whom we write to, and send on this channel only.",
                "recipients": "The company that delivers the message on this channel; it sees the"
                " message only.",
                "necessity": "That you are our patient is health information. Who reads your"
                " messages may learn of it.",
                "retention": "Until you stop it; the messages are deleted after 12 months.",
                "expiry": "This ends two years after you agreed.",
                "abroad": "The data do not leave the country.",
            },
            ZH: {
                "title": "医院资讯与活动推广",
                "purpose": "向您介绍本院的课程、体检及其他服务。医院不因此收取任何第三方费用。",
                "data": "您的姓名、年龄段，以及在此渠道上的联系方式；不含诊断。",
                "processing": "我们按年龄段选择发送对象，且仅通过此渠道发送。",
                "recipients": "此渠道的消息发送服务商，仅能看到消息内容。",
                "necessity": "您是本院患者这一事实属健康信息。能看到您消息的人可能由此得知。",
                "retention": "至您撤回为止；消息保存12个月后删除。",
                "expiry": "自同意之日起两年后失效。",
                "abroad": "信息不会提供到境外。",
            },
        },
    ),
    "research": Shipped(
        60,
        {
            EN: {
                "title": "Your data for research",
                "purpose": "For medical research that an ethics committee has approved.",
                "data": "Diagnoses, findings, medication, age and sex from your record; your name"
                " and numbers are"
                " replaced by a code.",
                "processing": "Researchers of the clinic study the data of many patients together."
                " Nobody decides about"
                " you from it.",
                "recipients": "Researchers of the clinic. Another institution receives data only"
                " after asking you again.",
                "necessity": "Without health data there is no medical research. Somebody who knows"
                " much of you might"
                " recognise you in spite of the code.",
                "retention": "Ten years after the study ends; then they are deleted.",
                "expiry": "This ends five years after you agreed.",
                "abroad": "The data do not leave the country.",
            },
            ZH: {
                "title": "将您的信息用于科研",
                "purpose": "用于经伦理委员会批准的医学研究。",
                "data": "病历中的诊断、检查结果、用药、年龄和性别；姓名和号码以编码代替。",
                "processing": "本院研究人员将许多患者的信息合并研究，不据此对您作出任何决定。",
                "recipients": "本院研究人员。如需提供给其他机构，会再次征求您的同意。",
                "necessity": "没有健康信息便无法开展医学研究。"
                "非常了解您的人仍有可能从编码后的信息中认出您。",
                "retention": "研究结束后保存十年，随后删除。",
                "expiry": "自同意之日起五年后失效。",
                "abroad": "信息不会提供到境外。",
            },
        },
    ),
    "teaching": Shipped(
        24,
        {
            EN: {
                "title": "Your case in teaching",
                "purpose": "To teach medical students and young doctors of this clinic.",
                "data": "Course of the illness, findings and pictures without your name and face.",
                "processing": "Teachers show and discuss them in lessons of this clinic.",
                "recipients": "Students and doctors in training here, who are bound to secrecy.",
                "necessity": "One learns from real cases. A rare illness may let somebody recognise you.",
                "retention": "Teaching material is removed two years after it was made.",
                "expiry": "This ends two years after you agreed.",
                "abroad": "The data do not leave the country.",
            },
            ZH: {
                "title": "将您的病例用于教学",
                "purpose": "用于本院医学生和年轻医生的教学。",
                "data": "病程、检查结果和影像，不含姓名和面容。",
                "processing": "教师在本院课堂上展示和讨论。",
                "recipients": "在本院学习的学生和规培医生，均负有保密义务。",
                "necessity": "医学需要从真实病例中学习。罕见疾病可能使他人认出您。",
                "retention": "教学材料制作两年后移除。",
                "expiry": "自同意之日起两年后失效。",
                "abroad": "信息不会提供到境外。",
            },
        },
    ),
    "sharing": Shipped(
        12,
        {
            EN: {
                "title": "Passing your record on",
                "purpose": "To give parts of your record to the recipient whom you name, for the"
                " reason that you name.",
                "data": "The documents that are listed when they are passed on; you can ask for the list.",
                "processing": "The clinic sends a copy by a protected way and records that it did.",
                "recipients": "Only the recipient whom you name: the name, contact and purpose are"
                " told to you before.",
                "necessity": "The documents hold health data. The recipient learns what stands in them.",
                "retention": "The recipient keeps its copy by its own rules; ours is not changed.",
                "expiry": "This ends one year after you agreed.",
                "abroad": "The data do not leave the country.",
            },
            ZH: {
                "title": "向第三方提供您的病历",
                "purpose": "按您说明的原因，将病历的部分内容提供给您指定的接收方。",
                "data": "提供时所列明的文件；您可以索取清单。",
                "processing": "医院以受保护的方式发送副本并留下记录。",
                "recipients": "仅限您指定的接收方：提供前会告知您其名称、联系方式和目的。",
                "necessity": "文件中含有健康信息，接收方会得知其内容。",
                "retention": "接收方按其规定保存副本；本院的记录不变。",
                "expiry": "自同意之日起一年后失效。",
                "abroad": "信息不会提供到境外。",
            },
        },
    ),
    "family": Shipped(
        None,
        {
            EN: {
                "title": "Telling your family how you are",
                "purpose": "To tell the relatives whom you name how you are, in person or by telephone.",
                "data": "That you are here, how you are, and what comes next.",
                "processing": "Nurses and doctors answer when these people ask and prove who they are.",
                "recipients": "The people whom you name, and nobody else.",
                "necessity": "How you are is health information; your relatives will know it.",
                "retention": "The names stay in your record as long as it is kept.",
                "expiry": "This ends when you stop it.",
                "abroad": "The data do not leave the country.",
            },
            ZH: {
                "title": "向家属告知病情",
                "purpose": "当面或通过电话，向您指定的亲属告知您的情况。",
                "data": "您在本院就诊、目前状况和后续安排。",
                "processing": "上述人员询问并证明身份后，由护士和医生答复。",
                "recipients": "仅限您指定的人员。",
                "necessity": "您的状况属健康信息，亲属将会得知。",
                "retention": "指定人员的姓名随病历保存。",
                "expiry": "至您撤回时止。",
                "abroad": "信息不会提供到境外。",
            },
        },
    ),
    "abroad": Shipped(
        12,
        {
            EN: {
                "title": "Your data outside the country",
                "purpose": "For a second opinion or treatment at a hospital abroad that you choose.",
                "data": "Name, date of birth, diagnoses, findings and pictures of the illness in question.",
                "processing": "The clinic sends them by a protected way; doctors there read and answer.",
                "recipients": "The hospital that you choose; name and contact are told to you before.",
                "necessity": "Doctors there can not judge without health data. Another law protects"
                " them there.",
                "retention": "The hospital keeps them by the law of its country.",
                "expiry": "This ends one year after you agreed.",
                "abroad": "Recipient, contact, purpose, way and kinds are the ones above. You use"
                " your rights there by"
                " writing to the hospital, or to us, and we pass it on.",
            },
            ZH: {
                "title": "向境外提供您的信息",
                "purpose": "由您选择的境外医院提供第二诊疗意见或治疗。",
                "data": "姓名、出生日期，以及相关疾病的诊断、检查结果和影像。",
                "processing": "医院以受保护的方式发送；境外医生查阅并答复。",
                "recipients": "您选择的医院；提供前会告知您其名称和联系方式。",
                "necessity": "没有健康信息，境外医生无法判断。信息在境外受当地法律保护。",
                "retention": "该医院按其所在国家的法律保存。",
                "expiry": "自同意之日起一年后失效。",
                "abroad": "境外接收方、联系方式、处理目的、处理方式和信息种类如上所述。"
                "您可致函该医院行使权利，也可致函本院由我们转达。",
            },
        },
    ),
}


def words_of(key: str, language: str, *, clinic: str) -> tuple[str, dict[str, str]]:
    """Return title and elements of a shipped form, the clinic's name filled in."""
    own = dict(FORMS[key].words[language])
    title = own.pop("title")
    said = dict(SHARED[language]) | own
    said["controller"] = said["controller"].format(clinic=clinic)
    return title, said
