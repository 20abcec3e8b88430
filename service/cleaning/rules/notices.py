"""Lines that tell the reader something: licences, disclaimers, sharing and subscribing."""

from service.cleaning.rules.rule import Rule, rule
from service.cleaning.vocabulary import GAP, SHARE_EN, SHARE_ZH

NOTICES: tuple[Rule, ...] = (
    rule("licence", 40, r".{0,60}(?:ICP\s?[备備证證]|公[网網]安[备備]|ICP No).{0,3}\d.{0,80}"),
    rule(
        "licence",
        40,
        r".{0,30}(?:新闻信息服务许可证|新聞信息服務許可證|广播电视节目制作|网络文化经营许可"
        r"|增值电信业务)"
        r".{0,30}[：:\d].{0,40}",
    ),
    rule("licence", 60, r"(?:©|\(c\)\s|copyright\s{0,2}(?:©|\(c\)|\d{4}|by\b)).{0,400}"),
    rule("licence", 14, r"[^“”\"'‘]{0,80}all rights reserved.{0,40}"),
    rule("licence", 40, r"(?:版[权權]所有|著作[权權]所有)(?!者|人|[权權]).{0,60}"),
    rule(
        "licence", 40, r".{0,30}(?:©|Copyright).{0,40}(?:版[权權]所有|All Rights Reserved).{0,40}"
    ),
    rule(
        "licence",
        160,
        r"(?:免[责責][声聲]明|版[权權][声聲]明|Disclaimer|特别声明)\s?[：:|｜].{1,600}",
    ),
    rule(
        "licence",
        60,
        r"[※*注（(]{0,2}(?:本文|本站|本[网網刊报報]|凡|如需|[转轉][载載]|未[经經]|以上|文章"
        r"|著作[权權]|[声聲]明)"
        r".{0,40}(?:不得|禁止|[严嚴]禁|[请請]勿|[谢謝][绝絕]|注明|註明).{0,10}"
        r"(?:[转轉][载載]|复制|複製|使用|[来來]源|出[处處]|摘[编編]|引用|授[权權]).{0,40}",
    ),
    rule(
        "licence",
        60,
        r"[（(]?(?:本文|文章|以上)(?:[内內]容)?(?:[仅僅]代表作者|[仅僅]供[参參]考|不代表"
        r"|不[构構]成).{0,60}",
    ),
    rule("licence", 60, r"the (?:views|opinions) expressed (?:here|in this|are|above).{0,300}"),
    # Sharing and subscribing
    rule(
        "share",
        16,
        rf"(?=.{{0,30}}(?:share|tweet|print)){SHARE_EN}(?:{GAP}{{1,4}}{SHARE_EN}){{0,15}}{GAP}{{0,3}}",
    ),
    rule(
        "share",
        24,
        rf"(?=.{{0,40}}(?:分享|[转轉][发發]|点赞|點讚|列印"
        rf"|打印)){SHARE_ZH}(?:{GAP}{{0,4}}{SHARE_ZH}){{0,20}}{GAP}{{0,3}}",
    ),
    rule(
        "subscribe",
        45,
        r"(?:(?:want|enjoy(?:ing|ed)?|like|liked|love) (?:more|this|what|our)\b.{0,60}[?!.] )?"
        r"(?:please )?(?:subscribe (?:to|now|today|for|here|and)|sign up (?:for|to|now"
        r"|today|here|with|free)|join (?:us|our|the"
        r"|\d)|register (?:now|for|here|today)"
        r"|become a (?:member|subscriber)|support (?:us|our)|donate|download (?:our|the)"
        r"|get (?:our|the|more|unlimited)"
        r"|follow (?:us|our)|like us|log ?in|sign in|already a (?:subscriber|member)"
        r"|to read (?:the full|more|this)"
        r"|scan the qr|click here|don['’]t miss|never miss|stay (?:informed|connected"
        r"|up to date))\b"
        r"(?=.{0,200}(?:newsletter|inbox|\bour\b|\bus\b|the app\b|channel|subscriber"
        r"|account|free trial"
        r"|alerts|qr code|full (?:story|article)|unlimited access|click here)).{0,300}",
    ),
    rule(
        "subscribe",
        45,
        r"[^\w\s]{0,3}\s?(?:想看更多.{0,20}[？?，,]?\s?|更多.{0,16}[，,]\s?)?"
        r"(?:(?:欢迎|歡迎|请|請|立即|立刻|马上|馬上|快来|免费|免費)?"
        r"(?:扫码|掃碼|扫描|掃描|扫一扫|掃一掃|长按|長按|识别|識別|微信搜索|点击|點擊|点此"
        r"|點此|点我|點我|关注|關注|追蹤|追踪|订阅|訂閱"
        r"|加入|下载|下載|按讚|添加))"
        r"(?!的|者|制|量|数|人|费|費|度|后|後)"
        r"(?=.{0,40}(?:公众号|公眾號|二维码|二維碼|客户端|客戶端|APP|电子报|電子報|我们"
        r"|我們|本[报報刊台]|粉[丝絲专專]|LINE|原文"
        r"|会员|會員|Telegram|Facebook|YouTube|Instagram|視頻號|视频号|小程序|下方|好友"
        r"|粉絲團|粉丝团|链接"
        r"|連結|進入專題|进入专题))"
        r"(?!.{0,60}(?:表示|指出|认为|認為|发现|發現|报道称|研究|调查|調查|据|據|只有|占"
        r"|的(?:人|顾客|顧客"
        r"|用户|用戶|读者|讀者|网友|網友|消费者|消費者|民众|民眾))).{0,80}",
    ),
    rule(
        "subscribe",
        6,
        r"(?:扫码|掃碼|长按|長按)?(?:关注|關注|追蹤|订阅|訂閱)(?:我们|我們|本[号號])?"
        r"|follow us(?: on .{1,30})?",
    ),
    rule("subscribe", 3, r"subscribe(?: now| today| here)?[!.]?"),
    rule(
        "subscribe",
        40,
        r".{0,80}(?:点我|點我|点此|點此|点击|點擊|立即|马上|馬上)下[载載]\s?(?:APP"
        r"|客[户戶]端)?[!！。]?",
    ),
    rule("licence", 60, r"(?:[风風][险險]提示|[温溫]馨提[示醒]|特[别別]提示)\s?[：:].{1,200}"),
)
