"""An author's words to the readers of a channel of their own, and such a channel's marks."""

from service.cleaning.rules.rule import Rule, rule

CHANNELS: tuple[Rule, ...] = (
    rule(
        "subscribe",
        45,
        r"(?=.{0,60}(?:[点點][个個]?[赞讚贊]|在看|星[标標]|三[连連]|置[顶頂]|[关關]注))"
        r"(?=.{0,60}(?:我[们們]?(?:[，,！!。]|的|$)|[你您]|[欢歡]迎|[记記]得|[请請]|喜[欢歡]|[别別]忘"
        r"|不[错錯][过過]|好文|公[众眾][号號]|本[号號]|支持一下|走起|[蓝藍]字))"
        r"(?!.{0,60}(?:表示|指出|[认認][为為]|研究|[数數][据據]|用[户戶]|[网網]友|[报報][导導道]"
        r"|法院|平台|[他她]|大家))"
        r"[^“”「」\"]{2,80}",
    ),
    rule(
        "licence",
        45,
        r"[（(※*]?(?:本文|原文|文章|本篇|本[号號])(?:[为為系係由]|首[发發]|原[创創]|原[载載]"
        r"|刊[于於载載登]|[转轉][载載]自|[来來]源[于於]?|[经經]授[权權]|[选選]自|摘自)[^。！？]{0,60}"
        r"(?:公[众眾][号號]|首[发發]|原[创創]|[转轉][载載]|[网網][络絡]|[杂雜][志誌]|[网網]站"
        r"|[专專专][栏欄]|授[权權]|[删刪]除)[^。！？]{0,30}[。！]?[）)]?",
    ),
    rule("licence", 30, r".{0,20}(?:侵[权權]?.{0,6}[删刪]|如有侵[权權]).{0,30}"),
    rule(
        "boilerplate",
        6,
        r"[-—–=~·*\s【\[]{0,6}(?:the end|end|完|全文完|正文完)[-—–=~·*\s】\]。.]{0,6}",
    ),
    rule("boilerplate", 3, r"(?:part|no|chapter)?[.\s]{0,2}0\d[.\s]{0,2}"),
    rule(
        "subscribe",
        45,
        r"(?:if you (?:enjoy|like|love|found|find)(?:e?d)?\b.{0,80}"
        r"|thanks?(?: you)? for reading\b.{0,80})(?:follow|subscribe|clap|share|sign up|leave a"
        r"|support (?:me|us|my|our)|buy me)\b.{0,160}",
    ),
    rule(
        "subscribe",
        20,
        r"(?:please )?(?:follow|like|find|join) (?:us|me) (?:on|at|for) (?:instagram|twitter|x"
        r"|facebook|medium|substack|youtube|tiktok|linkedin|threads|bluesky|mastodon|telegram"
        r"|wechat|weibo|more)\b[^.]{0,80}[.!]?",
    ),
    rule("boilerplate", 20, r"(?:originally|first) (?:published|appeared) (?:at|on|in)\b.{1,100}"),
)
