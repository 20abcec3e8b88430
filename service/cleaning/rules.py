"""Patterns of lines that are not the article.

Each rule reads a whole line, so that an article *about* subscriptions, copyright or editors keeps
its sentences: a rule wants the line to be nothing but the notice, or to begin as only a notice
does. Every pattern is linear: bounded repeats, no nested ones over the same characters.
"""

import re
from dataclasses import dataclass

from service.cleaning.vocabulary import (
    AGENCIES,
    CLOCK,
    DATE,
    FULL_NAME,
    GAP,
    HAN_NAME,
    NAMES,
    NAV_EN,
    NAV_ZH,
    PHOTO_ZH,
    REPORTER,
    ROLE,
    SHARE_EN,
    SHARE_ZH,
    ZH_BYLINE,
)
from service.text.han import HAN


@dataclass(frozen=True, slots=True)
class Rule:
    """Lines of kind `kind`: `pattern` matches the whole line, which has at most `longest` units.

    A unit is a Han character or a word of another script.
    """

    kind: str
    longest: int
    pattern: re.Pattern[str]


def _rule(kind: str, longest: int, pattern: str, flags: int = re.IGNORECASE) -> Rule:
    return Rule(kind, longest, re.compile(pattern, flags))


RULES: tuple[Rule, ...] = (
    # Licences, registrations, disclaimers
    _rule("licence", 40, r".{0,60}(?:ICP\s?[备備证證]|公[网網]安[备備]|ICP No).{0,3}\d.{0,80}"),
    _rule(
        "licence",
        40,
        r".{0,30}(?:新闻信息服务许可证|新聞信息服務許可證|广播电视节目制作|网络文化经营许可"
        r"|增值电信业务)"
        r".{0,30}[：:\d].{0,40}",
    ),
    _rule("licence", 60, r"(?:©|\(c\)\s|copyright\s{0,2}(?:©|\(c\)|\d{4}|by\b)).{0,400}"),
    _rule("licence", 14, r"[^“”\"'‘]{0,80}all rights reserved.{0,40}"),
    _rule("licence", 40, r"(?:版[权權]所有|著作[权權]所有)(?!者|人|[权權]).{0,60}"),
    _rule(
        "licence", 40, r".{0,30}(?:©|Copyright).{0,40}(?:版[权權]所有|All Rights Reserved).{0,40}"
    ),
    _rule(
        "licence",
        160,
        r"(?:免[责責][声聲]明|版[权權][声聲]明|Disclaimer|特别声明)\s?[：:|｜].{1,600}",
    ),
    _rule(
        "licence",
        60,
        r"[※*注（(]{0,2}(?:本文|本站|本[网網刊报報]|凡|如需|[转轉][载載]|未[经經]|以上|文章"
        r"|著作[权權]|[声聲]明)"
        r".{0,40}(?:不得|禁止|[严嚴]禁|[请請]勿|[谢謝][绝絕]|注明|註明).{0,10}"
        r"(?:[转轉][载載]|复制|複製|使用|[来來]源|出[处處]|摘[编編]|引用|授[权權]).{0,40}",
    ),
    _rule(
        "licence",
        60,
        r"[（(]?(?:本文|文章|以上)(?:[内內]容)?(?:[仅僅]代表作者|[仅僅]供[参參]考|不代表"
        r"|不[构構]成).{0,60}",
    ),
    _rule("licence", 60, r"the (?:views|opinions) expressed (?:here|in this|are|above).{0,300}"),
    # Sharing and subscribing
    _rule(
        "share",
        16,
        rf"(?=.{{0,30}}(?:share|tweet|print)){SHARE_EN}(?:{GAP}{{1,4}}{SHARE_EN}){{0,15}}{GAP}{{0,3}}",
    ),
    _rule(
        "share",
        24,
        rf"(?=.{{0,40}}(?:分享|[转轉][发發]|点赞|點讚|列印"
        rf"|打印)){SHARE_ZH}(?:{GAP}{{0,4}}{SHARE_ZH}){{0,20}}{GAP}{{0,3}}",
    ),
    _rule(
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
    _rule(
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
    # Photographs and captions
    _rule("credit", 60, rf"[（(\[【]?{PHOTO_ZH}(?:[／/：:丨|｜]|\s?[：:])\s?.{{1,80}}"),
    _rule(
        "credit",
        70,
        rf"[（(]?(?:[▲△▼▽►▶◀◄].{{0,150}}|.{{2,60}}[。\s／/|｜（(]){AGENCIES}"
        rf"(?:[／/].{{1,20}})?[）)。.]{{0,2}}",
        0,
    ),
    _rule(
        "credit",
        70,
        r"[▲△▼▽►▶◀◄].{0,120}[（(／/|｜][^（()）]{0,12}(?:[摄攝提翻截][^（()）]{1,8}"
        r"|[图圖])[^（()）]{0,10}[）)]?",
    ),
    _rule(
        "credit",
        60,
        r"[▲△▼▽►▶◀◄]\s?(?:[图圖][为為：:]|[图圖左右上下中]"
        r"|.{0,60}[（(][右左中上下][）)]).{0,120}",
    ),
    _rule(
        "credit",
        60,
        r".{0,60}[（(](?:[^（()）]{0,20}[摄攝供]|[图圖资資照][^（()）]{0,24}|(?:photo|image"
        r"|picture|credit|illustration)[^()]{0,60})[）)][。.]?",
    ),
    _rule(
        "credit",
        30,
        rf"(?:.{{0,30}}[。，\s])?(?:[{HAN}]{{2,6}}[社报報网網])?(?:记者"
        rf"|記者)?\s?{HAN_NAME}\s?[摄攝][。]?",
    ),
    _rule(
        "credit",
        40,
        r"[(\[]?(?:file )?(?:photos?|photographs?|photography|images?|pictures?|illustrations?"
        r"|graphics?|captions?|screenshots?)(?: (?:credits?|by|courtesy(?: of)?"
        r"|source))?\s?[:：/].{1,200}",
    ),
    _rule(
        "credit",
        24,
        r"[(\[]?(?:photo(?:graph)?s?|photography|images?|pictures?|illustrations?) (?:by"
        r"|courtesy of) (?-i:[A-Z]).{1,100}",
    ),
    _rule(
        "credit",
        70,
        r".{0,300}[.。] ?(?:Photo|Photograph|Picture|Image|Credit|Photography)s?(?: by"
        r"| credit)?\s?: ?[^.!?。]{2,60}\.?",
        0,
    ),
    _rule(
        "credit",
        40,
        r".{0,200}(?:[/|(]|via |\. )\s?(?:Getty Images|AFP|AP Photo|REUTERS|Reuters"
        r"|Shutterstock|EPA|Unsplash)(?:/[\w .]{1,30})?[)）]?\.?",
        0,
    ),
    # An arrow, what the picture shows, and after that who took it.
    _rule("credit", 70, r"[▲△▼▽►▶◀◄].{0,150}[。！？\s][^。！？.!?]{2,14}"),
    # Who wrote it and when
    _rule("byline", 60, ZH_BYLINE),
    _rule("byline", 24, REPORTER),
    _rule(
        "byline",
        14,
        r"[（(](?:综合|綜合|整理)?.{0,10}(?:[报報][导導道]|综合|綜合|完|未完待续|待續)[）)]",
    ),
    _rule(
        "byline",
        24,
        r"(?:words |story |written |reported |compiled |text )?by:? (?:staff (?:writer|reporter"
        r"|correspondent)s?|(?:a"
        r"|our) (?:\w{1,12} ){0,2}(?:writer|reporter|correspondent|editor|desk|staff)s?\b.{0,160}"
        rf"|{FULL_NAME}(?:(?:, | and | & ){FULL_NAME}){{0,6}}"
        rf"(?:\s?[,|｜·•/–—-]\s?.{{1,60}})?(?<![.!?]))",
    ),
    _rule(
        "byline",
        50,
        r"[(\[]?(?:additional )?(?:reporting|editing|writing) (?:by|for) (?-i:[A-Z]).{2,200}",
    ),
    _rule("byline", 20, rf"(?:editors?|authors?|writers?|reporters?|source)\s?[:：] ?{NAMES}"),
    _rule(
        "date",
        30,
        rf"(?:(?:发[布表佈]|發[布表佈]|更新|刊登|出版|published|updated|posted"
        rf"|last (?:updated|modified))(?:[时時][间間]|日期| on"
        rf"| at)?\s?[：:]?\s?)?{DATE}{CLOCK}?(?:\s?[|·•/，,]?\s?"
        rf"(?:{ROLE}\s?[：:]\s?\S{{1,24}}|\d{{1,2}} min(?:ute)?s? read|updated.{{0,40}}"
        rf"|[{HAN}]{{2,8}}[网網报報社]))*",
    ),
    _rule(
        "date",
        8,
        r"(?:reading time:? )?\d{1,3}[ -]min(?:ute)?s?(?: read)?|(?:阅读"
        r"|閱讀)(?:[时時][间間])?[：:]?约?約?\s?\d{1,3}\s?分[钟鐘]",
    ),
    # Other furniture of the page
    _rule(
        "boilerplate",
        6,
        r"[—\-–\[(【（\s]{0,4}(?:advertisement|advertising|sponsored(?: content)?|promoted"
        r"|广告|廣告|赞助内容|贊助內容)[—\-–\])】）\s:：]{0,4}(?:continue reading below"
        r"|scroll to continue)?",
    ),
    _rule(
        "boilerplate",
        40,
        r"[\[(【（]?(?:advertisement|sponsored(?: content| post)?|paid (?:post|content|partnership)"
        r"|promoted|广告|廣告|赞助内容|贊助內容|推广|推廣|业配|業配)[\])】）]?\s?[：:|｜]\s?.{1,200}",
    ),
    _rule(
        "boilerplate",
        12,
        r"(?:advertisement|story continues below|article continues (?:below|after)"
        r"|continue reading|skip to (?:main )?content|back to top|scroll down"
        r"|load(?:ing)? more.{0,20}|loading[.…]*|show (?:more|less)|read more"
        r"|view (?:all )?comments?.{0,20}|\d{1,4} comments?|leave a (?:comment|reply)"
        r"|(?:post|add) a comment|no comments yet)[.…»>→]{0,3}",
    ),
    _rule(
        "boilerplate",
        60,
        r"(?:we use cookies|this (?:site|website) uses cookies|accept (?:all )?cookies"
        r"|your browser (?:does not|doesn['’]t|is).{0,30}|please enable (?:javascript"
        r"|cookies)|you need to enable javascript|您的浏览器|您的瀏覽器|本网站使用\s?cookie"
        r"|本網站使用\s?cookie).{0,300}",
    ),
    _rule("boilerplate", 20, rf"{NAV_EN}(?:\s?[|｜·•/>›»\-–]\s?{NAV_EN})+"),
    _rule("boilerplate", 40, rf"{NAV_ZH}(?:[\s|｜·•/>›»\-–]{{1,3}}{NAV_ZH})+"),
    _rule(
        "boilerplate",
        4,
        r"(?:menu|search|close|home|back|next|previous|print|top|sign in|log in|register"
        r"|comments|privacy policy|terms of (?:use|service)|contact us|about us)",
    ),
    _rule(
        "boilerplate",
        14,
        r"(?:返回顶部|回到頂部|返回首页|回首頁|字[号號體体]?[：:]?\s?[大中小\s]{1,6}"
        r"|发表评论|發表評論|我要评论|查看评论|暂无评论|加载中.{0,3}|載入中.{0,3}"
        r"|点击加载更多|查看更多|展开全文|展開全文|阅读全文|閱讀全文|阅读原文|閱讀原文"
        r"|(?:阅读|閱讀|评论|評論|点赞|点击|點擊|浏览|瀏覽|人氣)(?:数|量|次数|率)?"
        r"[：:]?\s?\d{1,8}\s?[^\s：:]{0,8})",
    ),
    _rule("boilerplate", 50, r"(?:上一[篇页頁]|下一[篇页頁]|前一篇|後一篇)\s?[：:>».].{0,100}"),
    _rule(
        "boilerplate",
        40,
        r"(?:首[页頁]|当前位置|目前位置|您的位置|你的位置"
        r"|home)\s?[：:]?\s?(?:[^>›»\n]{0,12}[>›»]\s?){1,5}.{0,60}",
    ),
    _rule(
        "boilerplate",
        30,
        r"(?:关键[词字]|關鍵[詞字]|标签|標籤|[话話][题題]|tags?|topics?|keywords?"
        r"|filed under|in this (?:story|article))\s?[：:].{0,150}",
    ),
    _rule("boilerplate", 24, r"(?:[#＃][^\s#＃]{1,30}[\s#＃]*)+"),
    _rule(
        "boilerplate",
        40,
        r"(?:[举舉][报報]|客服|热线|熱線|新闻|爆料|投稿|联系|聯絡|广告|廣告)(?:电话|電話"
        r"|邮箱|郵箱|信箱|热线|熱線|QQ|微信|方式)\s?[：:].{0,100}",
    ),
    _rule(
        "subscribe",
        6,
        r"(?:扫码|掃碼|长按|長按)?(?:关注|關注|追蹤|订阅|訂閱)(?:我们|我們|本[号號])?"
        r"|follow us(?: on .{1,30})?",
    ),
    _rule("subscribe", 3, r"subscribe(?: now| today| here)?[!.]?"),
    _rule(
        "subscribe",
        40,
        r".{0,80}(?:点我|點我|点此|點此|点击|點擊|立即|马上|馬上)下[载載]\s?(?:APP"
        r"|客[户戶]端)?[!！。]?",
    ),
    _rule("licence", 60, r"(?:[风風][险險]提示|[温溫]馨提[示醒]|特[别別]提示)\s?[：:].{1,200}"),
    _rule(
        "boilerplate",
        12,
        r"continue reading.{0,40}|listen to this (?:article|story).{0,20}"
        r"|comments are closed\.?|reuse this content"
        r"|[请請][继繼][续續]往下[阅閱][读讀].{0,3}|A\s?[-+]?(?:\s?A\s?[-+]?){1,3}",
    ),
    _rule(
        "boilerplate",
        16,
        r"(?:(?:[阅閱][读讀]|[评評][论論]|[点點][赞讚贊]|[浏瀏][览覽]|[转轉][发發]|人氣"
        r"|views?|likes?|comments?)(?:[数數量]"
        r"|次[数數])?[：:]?\s?[\d.,]{1,8}\s?[万萬kKwW+]?\s{0,2}){1,5}",
    ),
    _rule(
        "boilerplate",
        30,
        r"(?:this|the) (?:article|story|piece) (?:first |originally )?(?:appeared"
        r"|was (?:first|originally) published|appears) (?:in|on|at|by)\b.{1,160}",
    ),
    _rule(
        "boilerplate",
        16,
        r"(?:get in touch|(?:press |media )?contact(?: us| the (?:author|editor))?|letters"
        r"|e-?mail|[邮郵]箱|[联聯][系繫絡])\s?[：:].{0,40}\S@\S{1,60}",
    ),
    _rule(
        "byline",
        24,
        rf"{FULL_NAME} is (?:a|an|the|our) (?:[\w’'\-]{{1,16}} ){{0,5}}(?:writer|editor"
        rf"|reporter|correspondent|columnist|journalist|critic)\b.{{0,80}}",
    ),
    # Pointers elsewhere
    _rule(
        "references",
        60,
        r"[►▶▸>●•★→\s]{0,3}(?:read (?:also|more|next|this)|see also|also read"
        r"|also on .{1,30}|related(?: (?:stories|articles|coverage|posts|reading|news))?"
        r"|more on this|more from .{1,30}"
        r"|you may (?:also )?like|recommended(?: for you)?|watch|listen|further reading"
        r"|延伸[阅閱][读讀]|相[关關](?:[阅閱][读讀]|[报報][导導道]|新[闻聞]|[链鏈連][接結]|文章)"
        r"|推[荐薦](?:[阅閱][读讀]|文章)|更多(?:新[闻聞]|[报報][导導道]|文章)|看更多"
        r"|[参參]考(?:[资資]料|文[献獻]|[链鏈連][接結]|[来來]源)|[资資]料[来來]源"
        r"|[原全]文(?:[链鏈連][接結]|[网網]址)|[来來]源[链鏈連][接結])\s?[：:>›»|｜].{1,240}",
    ),
    _rule(
        "references",
        60,
        r"[【\[〔（(](?:延伸|相[关關]|推[荐薦]|更多|[扩擴]展)(?:[阅閱][读讀]|[报報][导導道]"
        r"|新[闻聞]|文章)[】\]〕）)].{1,160}",
    ),
    _rule(
        "references",
        60,
        r"(?:文章)?(?:[来來]源|出[处處]|原文|出典|引用元|[参參]照元|[从從]|sources?|via)"
        r"\s?[：:|｜]\s?[^。！？]{1,150}",
    ),
    # A page's label for a link, as translation machines leave it.
    _rule("references", 60, r"(?:外部|文[献獻])リンク.{0,150}"),
    _rule("references", 12, r"(?:https?://|www\.)\S{1,400}"),
)
