"""Valence shifters: words that turn, strengthen or set aside an opinion word beside them.

Each pattern is matched against the few characters before the word (`before`), so that the cost
stays linear however long the sentence is. Chinese is Simplified.
"""

import re

REACH = 80
"""Characters before a word that can change it."""


def before(text: str, at: int) -> str:
    return text[max(0, at - REACH) : at]


NEGATION = {
    "en": re.compile(
        r"(?:\b(?:not|no|never|without|nor|neither|cannot|hardly|scarcely|barely|nothing|nobody|none|"
        r"lack|lacks|lacked|lacking|fails? to|failed to|failing to|far from|anything but|avoid\w*|"
        r"prevent\w*|reduc\w+|eas(?:e[sd]?|ing)|curb\w*|less|fewer|rather than|instead of|stops?|"
        r"remov\w+|refus\w+)|n['’]t)[^\w,;:.!?]+(?:\w+[^\w,;:.!?]+){0,2}$",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        "(?:不应|不该|不要|别|切勿|不可|不宜)[^，。；：]{0,8}$|"
        "(?:不|没有?|未|无|非|并非|从未|绝非|难以|难言|无法|不能|不会|不够|缺乏|缺少|避免|防止|减少|降低|减轻|缓解|"
        "消除|杜绝|远非|毫不|而不是|谈不上|称不上|算不上)[是有太很那么会能够够得]{0,2}$"
    ),
}
NO_NEGATION = {
    "en": re.compile(
        r"(?:not only|not just|no doubt|nothing but|no less|not least)\W+(?:\w+\W+){0,2}$",
        re.IGNORECASE,
    ),
    "zh": re.compile("(?:不仅|不但|不只|不光|无不|莫不|不得不|不能不|不可不|无疑|毫无疑问)$"),
}
STRONGER = {
    "en": re.compile(
        r"\b(?:very|so|too|extremely|deeply|highly|truly|really|utterly|completely|totally|entirely|"
        r"simply|plainly|clearly|fatally|profoundly|particularly|especially|absolutely)\W+$",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        "(?:非常|极其|极为|极度|十分|相当|尤其|特别|完全|彻底|根本|实在|太|最|更|极|很|真)的?$"
    ),
}
WEAKER = {
    "en": re.compile(
        r"\b(?:slightly|somewhat|a little|a bit|fairly|partly|arguably|perhaps)\W+$", re.IGNORECASE
    ),
    "zh": re.compile("(?:略|稍|有点|有些|些许|多少|部分|比较|较为|也许|或许)$"),
}
BUT = {
    "en": re.compile(
        r"\b(?:but|however|nevertheless|nonetheless)\b|(?:^|[,;:—]\s*)yet\b", re.IGNORECASE
    ),
    "zh": re.compile("但是|但|然而|可是|不过|却|只是"),
}
THOUGH = {
    "en": re.compile(
        r"\b(?:although|though|while|despite|even if|granted)\b[^,]{0,200},", re.IGNORECASE
    ),
    "zh": re.compile("(?:虽然|虽|尽管|固然|即使|即便|诚然)[^，]{0,80}，"),
}
# Events that are wished, supposed or asked about (irrealis, in Taboada et al.).
UNREAL = {
    "en": re.compile(r"\b(?:if|unless|whether|would|could|might)\b[^.;:]*$", re.IGNORECASE),
    "zh": re.compile("(?:如果|假如|假使|倘若|要是|若是|除非|万一|一旦|是否|会不会)[^。；]*$"),
}
SHOULD = {
    "en": re.compile(
        r"(?:\b(?:should|must|ought to|needs? to|have to|has to|had better|let us|let's|time to|"
        r"urge\w*|call (?:on|for)|demand\w*|please|deserves? to|it is right to)\b[^.;:]{0,60}"
        r"|^\W*(?:so,?\s+|then,?\s+)?)$",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        "(?:应该|应当|理应|应|必须|务必|亟须|亟需|急需|需要|不妨|最好|盼|希望|呼吁|敦促|恳请|建议|值得|该|要|别|不要|不应|不该|切勿)"
        "[^，。；：]{0,16}$"
    ),
}
OPINION = {
    "en": re.compile(
        # I and us in these letters only: US is a country.
        r"\b(?:I|us|(?i:should|must|ought|we|our|let|surely|obviously|of course|indeed|frankly|"
        r"honestly|deserves?|unfortunately|fortunately|sadly|the point is|the truth is))\b|[?]"
    ),
    "zh": re.compile(
        "应该|应当|理应|必须|我们?|笔者|咱们|不妨|难道|岂|何必|何苦|显然|当然|其实|毕竟|不得不说|说到底|平心而论|"
        "可见|恐怕|未免|值得(?!注意|关注|一提|留意)|[？?]"
    ),
}
PASSIVE = {
    "en": re.compile(
        r"\b(?:is|are|was|were|be|been|being|get|gets|got|drew|drawn|win|wins|won|earn\w*|"
        r"fac\w+|met with|attract\w*|sparked|prompted|provoked)\W+(?:\w+\W+){0,2}$",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        "(?:被|遭|遭到|遭受|受到|受|饱受|备受|广受|深受|引发|引起|招致|招来|惹来|获得?|赢得|得到|博得|遭遇)[^，。；]{0,8}$"
    ),
}
TOWARD_ZH = re.compile("(?:对|对于|向|给|把|就|针对|为)[^，。；]{0,4}$")
FIRST_PERSON = {
    "en": re.compile(r"\b(?:I|[Ww]e)\b\W+(?:\w+\W+){0,3}$"),
    "zh": re.compile(
        "(?:我|我们|笔者|本报|本刊|咱们)(?:[^，。；：]{0,6}|[^。；：]{0,12}，)(?<!的)$"
    ),
}
CLAUSE = {"en": re.compile(r"[,;:.!?—]"), "zh": re.compile("[，；：。！？]")}
