"""Twenty-four security tips, one for each month of two years."""

from __future__ import annotations

from engagement.library.page import Page


def _tip(key: str, title: str, text: str, title_zh: str, text_zh: str) -> Page:
    return Page(f"tip-{key}", "tips", title, text, title_zh, text_zh)


TIPS: tuple[Page, ...] = (
    _tip(
        "codes",
        "Nobody from the clinic asks for your code",
        "A code that arrives on your phone is a key. {{ clinic }} never asks you to read one out,"
        " neither by telephone nor in a message. If somebody does, end the call and ring the "
        "number on your appointment card. Who knows your code can read what you read.",
        "本机构不会向您索要验证码",
        "手机收到的验证码就是一把钥匙。{{ clinic }}不会通过电话或短信请您说出验证码。如有人索要，"
        "请立即挂断，并拨打预约卡上的电话核实。谁拿到验证码，谁就能看到您的资料。",
    ),
    _tip(
        "phrase",
        "A long password is a good password",
        "Four words that have nothing to do with each other are easier to keep in mind than one "
        "word full of signs, and much harder to guess. Use such a phrase for the portal, and for "
        "nothing else: when another site loses its passwords, yours stays yours.",
        "长密码才是好密码",
        "用四个毫不相关的词组成一句密码，比一串符号更好记，也难猜得多。请为患者门户单独设置这样的"
        "密码，不要在其他网站重复使用：别的网站泄露密码时，您的账户依然安全。",
    ),
    _tip(
        "second-factor",
        "Two keys are better than one",
        "Turn on the second step when you sign in to the portal. An app on your phone then shows "
        "a number that changes every half minute. A stolen password alone no longer opens "
        "anything. Keep the recovery codes on paper, at home.",
        "两把钥匙更安心",
        "登录患者门户时请开启第二步验证。手机应用会显示每半分钟更换一次的数字，即使密码被盗，别人"
        "也进不来。请把恢复码写在纸上，放在家中保管。",
    ),
    _tip(
        "hurry",
        "Hurry is a warning sign",
        "“Today only”, “your account will be closed”, “pay now”: messages that press you want you"
        " not to think. Stop, breathe, and look for the sender's number yourself. A real matter "
        "can wait for the ten minutes that this takes.",
        "催促就是警报",
        "“仅限今天”“账户即将关闭”“请立即付款”——催得越急，越是不想让您思考。请先停一停，自行查找对"
        "方的官方电话核实。真正的事情，等得起这十分钟。",
    ),
    _tip(
        "links",
        "Type the address yourself",
        "Links can lead elsewhere than they say. For everything that concerns your data, open the"
        " portal from your bookmarks or type its address: {{ portal }}. Then it does not matter "
        "who sent the message.",
        "网址请自己输入",
        "链接显示的文字和实际去向可能不同。凡涉及个人资料，请从收藏夹打开患者门户，或自行输入网址"
        "：{{ portal }}。这样，无论消息是谁发来的，都不会走错门。",
    ),
    _tip(
        "lock",
        "Lock your phone before you put it down",
        "Your phone opens your messages, your mail and your money. Let it lock itself after one "
        "minute, with a code of six figures or your fingerprint, and hide the text of messages on"
        " the locked screen.",
        "放下手机前先锁屏",
        "手机里有您的消息、邮箱和钱包。请设置一分钟自动锁屏，使用六位数字密码或指纹，并关闭锁屏界"
        "面的消息内容预览。",
    ),
    _tip(
        "updates",
        "Updates close doors",
        "Most break-ins use holes for which a repair was ready long before. Let your phone and "
        "your computer install updates by themselves, at night. It is the one thing that protects"
        " you without your doing anything.",
        "更新就是关门",
        "多数入侵利用的漏洞，其实早有补丁。请让手机和电脑在夜间自动更新——这是不费力气却最有效的保"
        "护。",
    ),
    _tip(
        "wifi",
        "In the café, use your own connection",
        "An open wireless network can be anybody's. To read what is private, use the connection "
        "of your own phone, or wait until you are at home. At the clinic, ask the reception for "
        "the name of the network: there is only one.",
        "在公共场所请用自己的网络",
        "公共无线网络可能由任何人架设。查看私密内容时，请使用手机流量，或等回家再看。在本机构，请"
        "向前台询问无线网络名称：正式的只有一个。",
    ),
    _tip(
        "shared-computer",
        "Sign out where others sit down after you",
        "On a computer that is not yours, open a private window, and press “Sign out” when you "
        "are done. Closing the tab is not enough. If you forgot it, the portal shows where you "
        "are signed in, and ends it there.",
        "共用电脑请退出登录",
        "在他人的电脑上，请使用无痕窗口，用完点击“退出登录”，只关闭标签页并不够。若忘记退出，可在"
        "门户中查看已登录的设备，并在那里结束登录。",
    ),
    _tip(
        "family",
        "A login of one's own for everybody in the family",
        "Who looks after a child or a parent gets a login of their own for that record, with "
        "exactly what is needed. Ask the reception. A shared password can not tell who read what,"
        " and can not be taken back from one person alone.",
        "家人代办，请用各自的账户",
        "照顾孩子或父母的家人，可以申请自己的代理账户，只开放所需内容，请向前台咨询。共用密码既分"
        "不清谁看过什么，也无法只收回其中一人的权限。",
    ),
    _tip(
        "who-saw",
        "See who read your record",
        "The portal lists every person who opened your record, when, and what for. Look at it now"
        " and then. If a line surprises you, press “I do not recognise this”: an officer looks "
        "into it and answers you.",
        "看看谁查阅过您的病历",
        "患者门户会列出每一位打开过您病历的人员、时间和用途。请不时查看。若有疑问，请点击“我不认"
        "识此次访问”，专员会调查并答复您。",
    ),
    _tip(
        "call-back",
        "Call back on a number that you know",
        "The number that your phone shows can be forged. If somebody calls in our name and asks "
        "for data or money, say that you will call back, and do it: on the number of {{ clinic }}"
        " that you have had before.",
        "请用您已知的号码回拨",
        "来电显示的号码可以伪造。若有人以本机构名义索要资料或钱款，请说“我回拨给您”，然后拨打您此"
        "前保存的{{ clinic }}的电话核实。",
    ),
    _tip(
        "photos",
        "Think before you send a picture of a paper",
        "A photo of a prescription or a card travels further than you think: into backups, into "
        "groups, into other people's phones. Send papers through the portal, where they are "
        "sealed, and delete the picture afterwards.",
        "拍照发送证件前请三思",
        "一张处方或证件的照片，可能进入云备份、群聊和他人的手机。请通过患者门户上传，那里会加密保"
        "存，上传后再删除手机里的照片。",
    ),
    _tip(
        "groups",
        "Groups have more readers than members",
        "What is said in a chat group can be passed on by each member, and groups grow. Ask what "
        "is private in a message to your care team. Nobody else reads that one, and it stays with"
        " your record.",
        "群里的读者比成员多",
        "群聊中的话，任何成员都可能转发，而群还会变大。私密的问题请在门户中直接发给您的医护团队："
        "别人看不到，内容也会随病历保存。",
    ),
    _tip(
        "old-phone",
        "Empty your old phone before you give it away",
        "Sign out of your accounts first, then reset the phone to how it came from the factory. "
        "After that, remove it from the list of devices in the portal. Only what is gone can not "
        "be read.",
        "转让旧手机前请清空",
        "请先退出各个账户，再把手机恢复出厂设置，最后在患者门户的设备列表中移除它。只有真正清除的"
        "内容，别人才读不到。",
    ),
    _tip(
        "sim",
        "When your phone has no signal for no reason",
        "Sometimes thieves let a shop move your number to their own card, and get your codes. If "
        "your phone loses its signal for an hour while others have one, ask your provider, and "
        "change the password of your mail.",
        "手机无故失去信号请警惕",
        "有人会冒名补办您的手机卡，从而收取您的验证码。若周围人信号正常而您的手机长时间无信号，请"
        "联系运营商核实，并尽快修改邮箱密码。",
    ),
    _tip(
        "mailbox",
        "Your mailbox opens everything else",
        "Almost every password can be set anew by e-mail. So the mailbox deserves your longest "
        "password and a second step. Look once at its settings: is your mail passed on to an "
        "address that you do not know?",
        "邮箱是所有账户的总钥匙",
        "几乎所有密码都能通过邮箱重置，因此邮箱最该使用最长的密码并开启两步验证。也请检查一次邮箱"
        "设置：是否有邮件被转发到陌生地址？",
    ),
    _tip(
        "paper",
        "Paper is data, too",
        "Letters, labels and packages say who you are and what you need. Tear them before you "
        "throw them away, or bring them along: there is a locked bin for papers at the reception "
        "of {{ clinic }}.",
        "纸张也是个人资料",
        "信件、标签和包装上写着您是谁、需要什么。丢弃前请撕碎，也可以带到{{ clinic }}前台，那里设"
        "有带锁的文件回收箱。",
    ),
    _tip(
        "apps",
        "Ask what an app does with what it knows",
        "Many apps that count steps or days earn money with what you tell them. Before you enter "
        "something about your body, read who gets it. An app that needs your contacts to count "
        "steps wants something else.",
        "使用健康应用前先问去向",
        "许多记录步数或周期的应用靠您的数据赚钱。输入身体信息前，请先看清数据会给谁。计步却要读取"
        "通讯录的应用，图的多半是别的。",
    ),
    _tip(
        "screen",
        "Who is reading over your shoulder?",
        "In the train and in the waiting room many eyes see your screen. Turn it away, make it "
        "darker, or wait. At our desks you may always ask for a quieter place to speak. Nobody "
        "has to say why.",
        "注意身后的目光",
        "在车厢和候诊区，许多人看得到您的屏幕。请侧过屏幕、调暗亮度，或稍后再看。在本机构的窗口，"
        "您随时可以要求到安静的地方交谈，无需说明原因。",
    ),
    _tip(
        "money",
        "Bills come with a number",
        "Each bill of {{ clinic }} has a number that the billing desk knows. We never ask for "
        "vouchers, for transfers to a private person, or for your card number by telephone. If in"
        " doubt, ask the desk before you pay.",
        "账单都有编号",
        "{{ clinic }}的每张账单都有收费处可以核对的编号。我们不会索要购物卡，不会让您转账给个人，"
        "也不会在电话中询问银行卡号。如有疑问，请先咨询再付款。",
    ),
    _tip(
        "choices",
        "What you allowed, you can take back",
        "In the portal, and at the reception, you see what you agreed to: messages, research, "
        "sharing. You can take each of it back at any time, as easily as you gave it, and your "
        "care stays the same.",
        "同意之后也可以撤回",
        "您可以在患者门户或前台查看自己同意过的事项：消息、研究、共享等。每一项都能随时撤回，和当"
        "初同意时一样方便，您的诊疗不会受到影响。",
    ),
    _tip(
        "children",
        "Teach children one rule",
        "One sentence is enough: “Where we live, what we have and how we feel is said to people, "
        "not to screens.” Children who know that they may ask are safer than children who know a "
        "hundred rules.",
        "教给孩子一条规则",
        "一句话就够：“住在哪里、有什么、身体怎么样，只告诉认识的人，不告诉屏幕。”知道可以随时提问"
        "的孩子，比记住一百条规定的孩子更安全。",
    ),
    _tip(
        "tell-us",
        "Tell us when something is wrong",
        "You clicked, you told somebody a code, you lost your phone: it happens to careful "
        "people. Call {{ clinic }} at once. We close what has to be closed, and nobody reproaches"
        " you. Only silence makes it worse.",
        "出了问题请告诉我们",
        "点了链接、说出了验证码、丢了手机——再谨慎的人也会遇到。请立即致电{{ clinic }}，我们会关闭"
        "该关闭的权限，绝不责怪您。拖着不说，只会更糟。",
    ),
)
