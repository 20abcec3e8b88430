"""Lines of the page itself: advertisements, menus, counters, tags, contacts."""

from service.cleaning.rules.rule import Rule, rule
from service.cleaning.vocabulary import NAV_EN, NAV_ZH

FURNITURE: tuple[Rule, ...] = (
    rule(
        "boilerplate",
        6,
        r"[—\-–\[(【（\s]{0,4}(?:advertisement|advertising|sponsored(?: content)?|promoted"
        r"|广告|廣告|赞助内容|贊助內容)[—\-–\])】）\s:：]{0,4}(?:continue reading below"
        r"|scroll to continue)?",
    ),
    rule(
        "boilerplate",
        40,
        r"[\[(【（]?(?:advertisement|sponsored(?: content| post)?|paid (?:post|content|partnership)"
        r"|promoted|广告|廣告|赞助内容|贊助內容|推广|推廣|业配|業配)[\])】）]?\s?[：:|｜]\s?.{1,200}",
    ),
    rule(
        "boilerplate",
        12,
        r"(?:advertisement|story continues below|article continues (?:below|after)"
        r"|continue reading|skip to (?:main )?content|back to top|scroll down"
        r"|load(?:ing)? more.{0,20}|loading[.…]*|show (?:more|less)|read more"
        r"|view (?:all )?comments?.{0,20}|\d{1,4} comments?|leave a (?:comment|reply)"
        r"|(?:post|add) a comment|no comments yet)[.…»>→]{0,3}",
    ),
    rule(
        "boilerplate",
        60,
        r"(?:we use cookies|this (?:site|website) uses cookies|accept (?:all )?cookies"
        r"|your browser (?:does not|doesn['’]t|is).{0,30}|please enable (?:javascript"
        r"|cookies)|you need to enable javascript|您的浏览器|您的瀏覽器|本网站使用\s?cookie"
        r"|本網站使用\s?cookie).{0,300}",
    ),
    rule("boilerplate", 20, rf"{NAV_EN}(?:\s?[|｜·•/>›»\-–]\s?{NAV_EN})+"),
    rule("boilerplate", 40, rf"{NAV_ZH}(?:[\s|｜·•/>›»\-–]{{1,3}}{NAV_ZH})+"),
    rule(
        "boilerplate",
        4,
        r"(?:menu|search|close|home|back|next|previous|print|top|sign in|log in|register"
        r"|comments|privacy policy|terms of (?:use|service)|contact us|about us)",
    ),
    rule(
        "boilerplate",
        14,
        r"(?:返回顶部|回到頂部|返回首页|回首頁|字[号號體体]?[：:]?\s?[大中小\s]{1,6}"
        r"|发表评论|發表評論|我要评论|查看评论|暂无评论|加载中.{0,3}|載入中.{0,3}"
        r"|点击加载更多|查看更多|展开全文|展開全文|阅读全文|閱讀全文|阅读原文|閱讀原文"
        r"|(?:阅读|閱讀|评论|評論|点赞|点击|點擊|浏览|瀏覽|人氣)(?:数|量|次数|率)?"
        r"[：:]?\s?\d{1,8}\s?[^\s：:]{0,8})",
    ),
    rule("boilerplate", 50, r"(?:上一[篇页頁]|下一[篇页頁]|前一篇|後一篇)\s?[：:>».].{0,100}"),
    rule(
        "boilerplate",
        40,
        r"(?:首[页頁]|当前位置|目前位置|您的位置|你的位置"
        r"|home)\s?[：:]?\s?(?:[^>›»\n]{0,12}[>›»]\s?){1,5}.{0,60}",
    ),
    rule(
        "boilerplate",
        30,
        r"(?:关键[词字]|關鍵[詞字]|标签|標籤|[话話][题題]|tags?|topics?|keywords?"
        r"|filed under|in this (?:story|article))\s?[：:].{0,150}",
    ),
    rule("boilerplate", 24, r"(?:[#＃][^\s#＃]{1,30}[\s#＃]*)+"),
    rule(
        "boilerplate",
        40,
        r"(?:[举舉][报報]|客服|热线|熱線|新闻|爆料|投稿|联系|聯絡|广告|廣告)(?:电话|電話"
        r"|邮箱|郵箱|信箱|热线|熱線|QQ|微信|方式)\s?[：:].{0,100}",
    ),
    rule(
        "boilerplate",
        12,
        r"continue reading.{0,40}|listen to this (?:article|story).{0,20}"
        r"|comments are closed\.?|reuse this content"
        r"|[请請][继繼][续續]往下[阅閱][读讀].{0,3}|A\s?[-+]?(?:\s?A\s?[-+]?){1,3}",
    ),
    rule(
        "boilerplate",
        16,
        r"(?:(?:[阅閱][读讀]|[评評][论論]|[点點][赞讚贊]|[浏瀏][览覽]|[转轉][发發]|人氣"
        r"|views?|likes?|comments?)(?:[数數量]"
        r"|次[数數])?[：:]?\s?[\d.,]{1,8}\s?[万萬kKwW+]?\s{0,2}){1,5}",
    ),
    rule(
        "boilerplate",
        30,
        r"(?:this|the) (?:article|story|piece) (?:first |originally )?(?:appeared"
        r"|was (?:first|originally) published|appears) (?:in|on|at|by)\b.{1,160}",
    ),
    rule(
        "boilerplate",
        16,
        r"(?:get in touch|(?:press |media )?contact(?: us| the (?:author|editor))?|letters"
        r"|e-?mail|[邮郵]箱|[联聯][系繫絡])\s?[：:].{0,40}\S@\S{1,60}",
    ),
)
