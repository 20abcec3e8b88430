"""Sides taken in so many words: "I support the plan", 反对放鞭炮, "the plan is a disaster".

In a microblog or a comment a word of judgement is as likely about something else as about the
subject asked for; only what grammar binds to the target counts there. A side is bound when the
target is the object of an act ("oppose X", and "oppose the ban on X" is for X), of a plea (禁止 X),
or the subject of a judgement ("X is a disaster"). Who says so has to be the writer: a clause with
another subject, a question, a condition and a quotation take no side. Chinese is Simplified.
"""

import re
from collections.abc import Sequence

from service.extractive.valence_shifters import BUT, NEGATION, UNREAL
from service.resources.lexicon import EnglishOrChinese, Lexicon
from service.text.segmenter import segmenter

SHORT = {"en": 1_500, "zh": 400}
"""Characters up to which a text is a microblog or a comment."""
STRONG = 2
"""The weight that a judgement needs in the lexicon."""
_FEWEST = {"en": 4, "zh": 2}
"""Characters of a part of a target that stands for it."""
_MOST_BETWEEN = {"en": 4, "zh": 5}
"""Words, or Chinese characters, that may stand between an act and its object."""
_LONGEST = 400
_CLAUSE_END = {"en": re.compile(r"[,;:.!?—\"“”()\n]"), "zh": re.compile("[，；：。！？!?,;…“”\\s]")}
_TAG = {"en": re.compile(r"[#@](\w+)"), "zh": re.compile("#([^#]{1,30})#|【[^】]{1,60}】")}
_FOR_ACT = {
    "en": r"support(?:s|ed|ing)?|love|favou?r|endorse|welcome|applaud|believe in|all for|fan of"
    r"|stand (?:with|by|for)|vot(?:e|ing|ed) for|admire|proud of|in favou?r of|agree with|need more"
    r"|bring back|save|protect|legali[sz]e|fund|elect|long live|appreciate|thank god for",
    "zh": "支持|赞成|赞同|称赞|赞扬|赞美|拥护|力挺|点赞|同意|喜欢|喜爱|热爱|爱上|欢迎|期待"
    "|看好|怀念",
}
_AGAINST_ACT = {
    "en": r"oppose|opposing|hate|against|reject|condemn|denounce|despise|detest|boycott|ban|stop"
    r"|end|abolish|repeal|scrap|get rid of|defund|no (?:more|to)|say no to|down with|dump|impeach"
    r"|never (?:vote|voting) for|sick of|tired of|fed up with|opposed to|disagree with",
    "zh": "反对|抵制|拒绝|讨厌|反感|厌恶|痛恨|谴责|鄙视|唾弃|杜绝|禁止|严禁|禁|取消|停止|废除|叫停"
    "|请勿|切勿|不要再|不再|不要|别再|别|(?<![^年节请])[不少别]",
}
_UNDOING = {
    "en": r"ban(?:ning|s)?|end(?:ing)?|stop(?:ping)?|repeal\w*|aboli\w+|remov\w+|cut(?:ting|s)?"
    r"|clos\w+|against|defund\w*|restrict\w*|eliminat\w+|loss|lack|opponents?|opposition|critics|without",
    "zh": "禁止?|限制?|不让|不许|不准|不要?|不该|少|别|取消|停止|拒绝|反对|抵制|废除",
}
# Words before an act whose subject is the writer.
_WRITER = {
    "en": re.compile(
        r"(?:\W|so|and|but|please|yes|no|why|i|we|let'?s|let us|i'?m|am|we'?re|are|must|should"
        r"|needs?|to|will|would|do|really|just|totally|strongly|fully|absolutely|also|still|always|have|been"
        r"|all|proudly|completely|can|could|never|not|don'?t|won'?t|cannot|can'?t|it'?s|time|want|an?"
        r"|big|huge|say|be)*",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        "(?!.*(?:[他她它你谁]|(?<!我|咱)们|那些|[人者]$|网友|专家|官方|政府|部门|媒体|市民|群众|国家"
        "|[美英法俄日韩]国|很多|有的|为什么|为啥|[说讲认]|第$|如果|要是|怎|只|居然|[如像似]|、$"
        "|(?<!我们)(?<!大家)都$))"
        ".{0,10}"
    ),
}
_NOT = {
    "en": re.compile(r"(?:\b(?:not|never|no longer|cannot|hardly)|n'?t)\b[\w' ]{0,18}$", re.I),
    "zh": re.compile("[不没未][再太很是能会]{0,2}$"),
}
_IS = {
    "en": re.compile(
        r"\s*(?:is|are|was|were|has been|have been|remains?|should be|must be)\s+(.{0,60})", re.I
    ),
    "zh": re.compile(
        "(?:真的?|就|也|都|确实|简直|实在|才)?(?:是|太|很|挺|最|非常|特别|真是?)(.{1,14})"
    ),
}
_WITHIN_EN = re.compile(r"\b(?:that|which|who|whose|with|because|when|where|if|than)\b")
"""Words behind these are not said of the subject: a rule that allows bad teachers."""
_LISTED_ZH = re.compile("、[不没]")
"""不放鞭炮、不贴春联 tells what is not done."""
_NOT_THE_OBJECT_ZH = re.compile("的?(?:人|派|者|们|网友|声音)")
_ACT_ALONE_ZH = re.compile(
    "(?:^|[，。！；;\\s/:：])(?:我|个人|本人|绝对|坚决|强烈|完全|必须|举双手|非常|十分|表示|全力|大力|还是)*"
    "(支持|赞成|赞同|同意|力挺|拥护|反对|抵制|不支持|不赞成|不赞同|不同意)"
    "(?:这个|这种|这一|此|该)?(?:的|做法|行为|政策|观点|行动|决定|规定)*(?=[，。！；\\s~…/@]|$)"
)
_TAG_AGAINST_EN = re.compile(
    "(?:not?|stop|against|anti|never|dump|end|ban|defund|block|why(?:im|iam)?not(?:voting|vote)?(?:for)?)"
)
_TAG_FOR_EN = re.compile(
    "(?:yes|yesto|pro|vote|votefor|love|i?support|readyfor|imwith|iamwith|i?standwith|weneed|save)"
)


def explicit_sides(
    sentences: Sequence[str], target: str, language: EnglishOrChinese, lexicon: Lexicon
) -> list[int]:
    """For each sentence the side that it takes in so many words: 1 for, -1 against, 0 neither.

    Sentences and target are Simplified where they are Chinese. Linear in the text.
    """
    names = _names(target, language)
    lowered = [sentence.lower().replace("’", "'") for sentence in sentences]
    sides = [_side(sentence, names, language, lexicon) for sentence in lowered]
    for index, following in enumerate(lowered[1:]):
        if BUT[language].match(following):
            sides[index] = 0  # the writer goes on to limit it
    if language == "zh" and not any(sides):
        turns = _tagged(lowered, names)
        return [turns * _alone(sentence) for sentence in lowered]
    return sides


def _side(sentence: str, names: Sequence[str], language: EnglishOrChinese, lexicon: Lexicon) -> int:
    if language == "en" and (side := _in_tags(sentence, names)):
        return side
    plain = _TAG[language].sub(" ", sentence)
    if plain.rstrip().endswith(("?", "？")):
        return 0
    return _in_sentence(plain[:_LONGEST], names, language, lexicon)


def _names(target: str, language: EnglishOrChinese) -> list[str]:
    """The target, and the parts that stand for it: 放鞭炮 for 春节放鞭炮, a surname for a person.

    What is the end of something is only itself: 禁摩限电 is not 摩限电.
    """
    if language == "en":
        parts = [
            part for part in target.split() if part[0].isupper() and len(part) >= _FEWEST["en"]
        ]
        return [target.lower(), *(part.lower() for part in parts)]
    words = segmenter().lcut(target.lower(), HMM=False)
    found = [target.lower()]
    for first in range(1, len(words)):
        if re.search(_UNDOING["zh"], "".join(words[:first])):
            break
        if len(rest := "".join(words[first:])) >= _FEWEST["zh"]:
            found.append(rest)
    return found


def _in_tags(text: str, names: Sequence[str]) -> int:
    """The side of a hashtag: #StopX, #ReadyForX."""
    for tag in _TAG["en"].findall(text):
        for name in names:
            before, found, _ = tag.partition(re.sub(r"\W", "", name))
            if found and _TAG_AGAINST_EN.fullmatch(before):
                return -1
            if found and _TAG_FOR_EN.fullmatch(before):
                return 1
    return 0


def _in_sentence(
    sentence: str, names: Sequence[str], language: EnglishOrChinese, lexicon: Lexicon
) -> int:
    for name in names:
        at = sentence.find(name)
        if at < 0 or (language == "en" and sentence[at - 1 : at].isalnum()):
            continue
        start = max((m.end() for m in _CLAUSE_END[language].finditer(sentence, 0, at)), default=0)
        before, after = sentence[start:at], sentence[at + len(name) :]
        side = _as_object(before, after, language) or _as_subject(before, after, language, lexicon)
        if side and _LISTED_ZH.match(after):
            return 0
        if side:
            return side
    return 0


def _as_object(before: str, after: str, language: EnglishOrChinese) -> int:
    """The side of an act or a plea whose object the target is."""
    edge = r"(?<![\w-])" if language == "en" else ""
    end = r"(?!\w)" if language == "en" else ""
    acts = f"{edge}(?:(?P<for>{_FOR_ACT[language]})|{_AGAINST_ACT[language]}){end}"
    for act in re.finditer(acts, before):
        subject, between = before[: act.start()], before[act.end() :]
        if not _WRITER[language].fullmatch(subject.strip()) or UNREAL[language].search(subject):
            return 0
        if language == "zh" and len(act[0]) == 1 and between:
            continue  # 不 and 少 belong to the word behind them
        far = len(between.split()) if language == "en" else len(between)
        if far > _MOST_BETWEEN[language] or _NOT_THE_OBJECT_ZH.match(after):
            return 0
        side = 1 if act["for"] else -1
        if _NOT[language].search(subject):
            if side < 0:
                return 0  # not to oppose is not to support
            side = -side
        undone = re.search(rf"{edge}(?:{_UNDOING[language]}){end}", between)
        return -side if undone else side
    return 0


def _as_subject(before: str, after: str, language: EnglishOrChinese, lexicon: Lexicon) -> int:
    """The side of a strong judgement whose subject the target is."""
    judged = _IS[language].match(after)
    if not judged or not _WRITER[language].fullmatch(before.strip()):
        return 0
    said = _CLAUSE_END[language].split(judged[1])[0]
    if language == "en":
        said = _WITHIN_EN.split(said)[0]
    hits = [hit for hit in lexicon.find(said, language) if hit.kind in {"view", "act"}]
    if not hits or abs(hits[0].weight) < STRONG:
        return 0
    turned = NEGATION[language].search(said[: hits[0].start]) or (
        language == "en" and _NOT["en"].search(said[: hits[0].start])
    )
    side = 1 if hits[0].weight > 0 else -1
    return -side if turned else side


def _tagged(sentences: Sequence[str], names: Sequence[str]) -> int:
    """1 where a hashtag names the target, -1 where one names the end of it, 0 without one."""
    for sentence in sentences:
        for tag in _TAG["zh"].finditer(sentence):
            name = next((name for name in names if name in tag[0]), None)
            if name:
                before = tag[0].partition(name)[0]
                return -1 if re.search(f"(?:{_UNDOING['zh']})燃?$", before) else 1
    return 0


def _alone(sentence: str) -> int:
    """The side of an act without an object, in a text whose hashtag says what it is about."""
    act = _ACT_ALONE_ZH.search(_TAG["zh"].sub(" ", sentence))
    return 0 if act is None else 1 if re.match(_FOR_ACT["zh"], act[1]) else -1
