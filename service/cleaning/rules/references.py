"""Lines that point elsewhere: related stories, sources, bare links."""

from service.cleaning.rules.rule import Rule, rule

REFERENCES: tuple[Rule, ...] = (
    rule(
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
    rule(
        "references",
        60,
        r"[【\[〔（(](?:延伸|相[关關]|推[荐薦]|更多|[扩擴]展)(?:[阅閱][读讀]|[报報][导導道]"
        r"|新[闻聞]|文章)[】\]〕）)].{1,160}",
    ),
    rule(
        "references",
        60,
        r"(?:文章)?(?:[来來]源|出[处處]|原文|出典|引用元|[参參]照元|[从從]|sources?|via)"
        r"\s?[：:|｜]\s?[^。！？]{1,150}",
    ),
    # A page's label for a link, as translation machines leave it.
    rule("references", 60, r"(?:外部|文[献獻])リンク.{0,150}"),
    rule("references", 12, r"(?:https?://|www\.)\S{1,400}"),
)
