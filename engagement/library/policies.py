"""Twelve notices about policies; a clinic fills in its days and figures before one leaves."""

from __future__ import annotations

from engagement.library.page import Page


def _notice(key: str, title: str, text: str, title_zh: str, text_zh: str) -> Page:
    return Page(f"policy-{key}", "policy", title, text, title_zh, text_zh)


POLICIES: tuple[Page, ...] = (
    _notice(
        "notice",
        "Our privacy notice has changed",
        "The notice that says what {{ clinic }} uses your data for has a new version. What is new"
        " stands at its beginning, in plain words. You find it in the portal and at the "
        "reception: {{ portal }}. Where something needs your agreement, nothing happens before "
        "you give it.",
        "隐私告知书已更新",
        "说明{{ clinic }}如何使用您个人资料的告知书有了新版本，开头用通俗文字列出了变化。您可在患"
        "者门户和前台查阅：{{ portal }}。凡需要您同意的事项，在您同意之前不会发生。",
    ),
    _notice(
        "retention",
        "How long we keep your record",
        "The law says how long records are kept, and so do our rules. We now show for each part "
        "of your record until when it is kept and why. When the time is over it is erased, and "
        "you may ask for the certificate of it.",
        "病历的保存期限",
        "法律规定了病历的保存期限，我们的规则与之一致。现在，您可以看到病历每一部分保存到何时、依"
        "据是什么。到期后将予以删除，您可索取删除证明。",
    ),
    _notice(
        "who-saw",
        "You can now see who read your record",
        "From now on the portal shows each access to your record: who, when, and for which "
        "purpose. Emergencies in which somebody had to look without being in charge are marked, "
        "and are always reviewed by an officer.",
        "您可以查看谁读过病历",
        "患者门户现已显示每一次对您病历的访问：何人、何时、出于何种目的。紧急情况下非负责人员的查"
        "阅会有标记，并一律由专员复核。",
    ),
    _notice(
        "recipients",
        "A new partner works for us",
        "{{ clinic }} works with a new service that handles data on our behalf. It may use them "
        "for nothing else, and a contract binds it to our rules. Its name, what it gets and where"
        " it sits stand in the list of recipients in the portal.",
        "我们有了新的合作方",
        "{{ clinic }}委托一家新的服务商代为处理资料。对方不得用于其他目的，并受合同约束遵守我们的"
        "规则。其名称、处理内容和所在地可在患者门户的接收方名单中查看。",
    ),
    _notice(
        "abroad",
        "Data and other countries",
        "Some services sit in another country. Nothing of yours goes there unless you agreed to "
        "exactly that, for exactly that recipient. The register of such recipients is open to "
        "you; ask the reception or look into the portal.",
        "关于向境外提供个人资料",
        "部分服务商位于境外。未经您针对具体接收方的单独同意，您的资料不会出境。境外接收方名录向您"
        "公开，可在患者门户或前台查询。",
    ),
    _notice(
        "research",
        "Research: you decide each time",
        "Studies at {{ clinic }} are approved by an ethics committee. Your record takes part only"
        " if you said yes to it, and a yes can be taken back for what comes after. Whether you "
        "take part changes nothing about your care.",
        "科学研究：每次由您决定",
        "{{ clinic }}的研究项目均经伦理委员会批准。只有您同意，您的病历才会参与，并可随时撤回对后"
        "续使用的同意。是否参与不会影响您的诊疗。",
    ),
    _notice(
        "messages",
        "How we write to you, and when we do not",
        "We send messages by the ways you chose, not at night, and not more often than our rules "
        "allow. Nothing of your health stands in an e-mail or a text message; for that there is "
        "the portal. Every message names the way to end it.",
        "我们如何给您发消息",
        "我们只通过您选择的渠道发送消息，夜间不打扰，次数有上限。邮件和短信中不会出现您的健康内容"
        "，这类内容只在患者门户中查看。每条消息都附有退订方式。",
    ),
    _notice(
        "rights",
        "Your rights, and how fast we answer",
        "You may ask for a copy of your record, have mistakes corrected, limit what we do, or "
        "object. You can do so in the portal, in writing or in person, without giving reasons and"
        " without paying. The page of your request shows the day by which we answer.",
        "您的权利与答复时限",
        "您可以索取病历副本、更正错误、限制使用或提出反对，可通过患者门户、书面或当面提出，无需说"
        "明理由，不收费用。申请页面会显示我们的答复期限。",
    ),
    _notice(
        "children",
        "When children come of age",
        "Who is old enough decides for themselves, and what a guardian agreed to before ends on "
        "that day. We write to families before, so that the young person can look at each point "
        "and decide anew.",
        "孩子到了自己做主的年龄",
        "达到规定年龄后，由本人自行决定，监护人此前的同意随之终止。我们会提前通知家庭，让年轻人逐"
        "项查看并重新作出选择。",
    ),
    _notice(
        "incident",
        "What we do when something goes wrong",
        "If data should get into wrong hands, we tell those concerned without delay: what "
        "happened, what it may mean, and what you can do. We practise this. You get such a "
        "message by letter or in the portal, and it never asks you for a password.",
        "发生安全事件时我们会怎么做",
        "万一资料外泄，我们会及时告知受影响的人：发生了什么、可能的影响以及您可以采取的措施。我们"
        "会定期演练。此类通知通过信函或患者门户发送，绝不会索要密码。",
    ),
    _notice(
        "sign-in",
        "Signing in takes two steps from now on",
        "To protect your record, the portal asks for a second step at each new device: a number "
        "from an app, or a key. It takes a minute to set up, and the reception helps. On devices "
        "that you use often it is asked for less.",
        "登录将需要两步验证",
        "为保护您的病历，患者门户将在新设备登录时要求第二步验证：应用中的数字或安全密钥。设置只需"
        "一分钟，前台可以协助。常用设备上验证次数会减少。",
    ),
    _notice(
        "officer",
        "Whom to ask about your data",
        "{{ clinic }} has an officer for data protection, who is bound to secrecy and reports to "
        "the management directly. Ask what you like, also if you are not sure that something is "
        "wrong. You may turn to the authority at any time as well.",
        "个人资料问题可以找谁",
        "{{ clinic }}设有个人信息保护负责人，负有保密义务，直接向管理层汇报。任何问题都可以提出，"
        "即使您不确定是否有误。您也可以随时向主管部门反映。",
    ),
)
