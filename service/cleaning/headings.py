"""Headings of sections that do not belong to the article."""

import re

# Matched without brackets or colon around them.
SECTIONS: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (kind, reach, re.compile(pattern, re.IGNORECASE))
    for kind, reach, pattern in (
        (
            "references",
            "section",
            r"[参參]考(?:文章|文[献獻]|[资資]料|[链鏈連][接結]|[来來]源|[书書]目)"
            r"|[资資]料[来來]源[与與和及](?:[链鏈連][接結]|[参參]考.{2})|引用(?:文[献獻]"
            r"|[来來]源)|[资資]料[来來]源|[来來]源|注[释釋]|註釋"
            r"|references|sources|bibliography|works cited|citations|footnotes"
            r"|notes and references|external links",
        ),
        (
            "references",
            "section",
            r"术语|術語|术语表|術語表|[术術][语語]解[释釋]|名[词詞]解[释釋]"
            r"|[专專]有名[词詞]|词汇表|詞彙表|用語解說|用語說明|用语解说|glossary|key terms"
            r"|terms explained",
        ),
        (
            "references",
            "links",
            r"往期(?:[推荐薦精彩回顾顧内內容文章]{2,6})|相[关關](?:[阅閱][读讀]|[报報][导導道]|新[闻聞]|[链鏈連][接結]|文章|推[荐薦])"
            r"|延伸[阅閱][读讀]|推[荐薦](?:[阅閱][读讀]|文章|新[闻聞])|更多(?:[阅閱][读讀]"
            r"|新[闻聞]|[报報][导導道]|文章|精彩.{0,4})"
            r"|猜你喜[欢歡]|你可能(?:也|还|還)?(?:喜[欢歡]|感[兴興]趣).{0,4}"
            r"|[热熱][门門](?:文章|新[闻聞]|推[荐薦]|排行)?|[热熱]点推荐|最新(?:文章"
            r"|新[闻聞])|今日[热熱][门門點点]|编辑推荐|編輯推薦|大家都在看|人氣(?:新聞"
            r"|文章)|排行榜|點閱排行"
            r"|related(?: (?:articles?|stories|posts?|news|content|reading|coverage|topics"
            r"|links))?|read (?:more|next|also|this next)|see also|further reading"
            r"|more (?:from|in|on|stories).{0,40}|most (?:read|popular|viewed|shared)"
            r"|trending(?: now)?|recommended(?: for you| reading| stories)?|you (?:may"
            r"|might) (?:also )?(?:like|be interested in).{0,10}|up next|popular(?: now"
            r"| stories| posts)?|editors?['’]? picks?|top stories|latest(?: news| stories)?"
            r"|don['’]t miss|in case you missed it|what to read next|keep reading"
            r"|around the web|from around the web|elsewhere",
        ),
    )
)
