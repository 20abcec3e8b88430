"""Does Chinese text hold a foreign name by its sound? Bolsonaro is 博索纳罗, Zhang Xiong 张雄.

Names are compared by their consonants: 博索纳罗 is b-s-n-l, and so is Bolsonaro. Vowels differ too
much between languages to tell names apart; r and l are one sound, and a consonant at the end of a
syllable is often left out.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache, cached_property, lru_cache
from itertools import pairwise

# The characters that transliterations are written with.
TRANSLITERATING = frozenset(
    "阿埃艾爱安奥澳巴白班邦包鲍保贝本比彼毕别宾冰波玻伯博勃布采蔡察查昌楚慈茨次崔达大戴代丹当道德登邓迪狄底蒂"
    "丁东杜敦顿多朵厄恩尔耳法凡范方菲费芬丰冯佛夫弗福甫富盖甘冈高戈哥格葛根贡古瓜圭郭哈海韩汉豪赫黑亨洪侯胡"
    "华怀惠霍基吉及极季济加嘉贾简姜焦杰金津京久居喀卡开凯坎康考柯科可克肯孔库夸奎坤昆阔拉腊莱来赖兰郎朗劳勒"
    "雷蕾黎里理利立丽莉林琳凌龙隆卢鲁路露伦仑罗洛骆略吕马玛迈麦曼芒毛梅门蒙孟米密敏明名摩莫默墨姆木穆拿那娜"
    "纳乃奈南瑙内嫩能尼妮年涅宁纽农努女诺欧帕派潘庞培佩彭蓬皮匹平坡珀泼普奇齐其契恰强乔切钦琴青琼丘邱曲屈瓊"
    "让热仁日荣茹儒瑞若撒萨塞赛三桑瑟森僧沙莎山珊尚绍舍申圣胜施石什史士世舒朔斯丝思松苏素索所塔泰坦汤唐陶特"
    "腾滕提铁廷亭通图土托陀瓦万汪王旺威韦为维伟魏温文翁沃乌吾武西希锡席夏香肖萧谢辛欣兴休许旭雪逊雅亚延扬杨"
    "耶叶伊依宜易因英永尤于约扎赞泽曾詹张章哲珍真芝治兹子宗祖佐图费烏爾羅維亞瑪麥貝賓達戴爾費馮蓋漢華傑"
    "堡刘世氏滨岛荷台牙聂匈帝阁仙乾凱庫萊蘭勞倫龍盧魯呂馬邁門納紐諾歐龐喬瓊熱榮薩賽紹聖蘇湯陶騰亭圖萬偉韋溫烏錫興許亞揚葉約贊澤詹張茲莉絲"
)
# Those that write other words too, 密歇根 and 底特律: a text is searched for these, and no name is
# told by them.
ALSO = frozenset(
    "列得美俄斐孜第都朱拜茅宝歇李柏生奴佳罕翰芙律太牛悉札秋修汀盛黛烈灵昂泊柴固娅傅伽娄虏娃梯卫夕累挪捷琅浩目明迈仰"
    "坎钱詹穆辽玖荻寇廖敦诗蔻鲍娥耿焕"
)
_SYLLABLE = {
    "": "", "b": "P", "p": "P", "d": "T", "t": "T", "g": "K", "k": "K", "h": "H", "j": "J",
    "q": "J", "x": "X", "zh": "J", "ch": "J", "sh": "S", "r": "L", "z": "S", "c": "S", "s": "S",
    "l": "L", "m": "M", "n": "N", "f": "F", "w": "W", "y": "Y",
}  # fmt: skip
_INITIAL = re.compile("zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?")
_ENGLISH = (
    (r"ch(?=[rl])", "K"), (r"shch|tch|tsch|sch|ch|sh|cz|zh|dg|j|sz", "J"), (r"ph", "F"),
    (r"gh(?=t)", ""), (r"ck|c(?=[eiy])", "c"),
    (r"ng(?![aeiouy])", "N"), (r"g(?=[eiy])", "g"), (r"th|d|t", "T"), (r"b|p", "P"),
    (r"x", "KS"), (r"q|k|c|g", "K"),
    (r"f", "F"), (r"v", "V"), (r"w", "W"), (r"m", "M"), (r"n", "N"), (r"l", "L"), (r"r", "R"),
    (r"s|z", "S"), (r"h", "H"), (r"y", "Y"),
)  # fmt: skip
_SOUNDS = re.compile("|".join(f"(?P<s{i}>{spelling})" for i, (spelling, _) in enumerate(_ENGLISH)))
_CLASSES = [cls for _, cls in _ENGLISH]
# The sounds of English that a Chinese one may stand for, from the cheapest.
_NEAR = {
    "P": "PFV", "T": "TSJ", "K": "KgcHJ", "J": "JgSTcKY", "S": "ScJgT", "X": "SHJcK", "L": "LR",
    "M": "MN", "N": "NM", "F": "FVPH", "W": "WVFHR", "H": "HKFgJ", "Y": "YJgH",
}  # fmt: skip
_OPTIONAL = {"R": 0.15, "H": 0.2, "Y": 0.1, "W": 0.35, "L": 0.5, "N": 0.5, "M": 0.6}
_DROPPED = 0.9
_LAST_DROPPED = {"T": 0.4, "K": 0.4, "P": 0.4}
"""A stop at the end of a word is not spoken by many: Morakot is 莫拉克."""
_ADDED = {"Y": 0.1, "W": 0.15, "H": 0.4, "L": 0.5, "N": 0.35}
_ADDED_OTHER = 0.8
_SWAPPED = 0.25
_MOST_COST, _MOST_OF_KNOWN, _MOST_OF_PINYIN = 0.27, 0.15, 0.1
"""The part of a name's sounds that may be off; less where a dictionary writes it otherwise, and
where it may be pinyin."""
_FEWEST_SOUNDS = 2
_MOST_SYLLABLES = 3
_LATIN_WORD = re.compile("[A-Za-zÀ-ɏ]{2,40}")
_DOUBLE = re.compile(r"([a-z])\1")
_FOLD = str.maketrans("áàâäãåéèêëíìîïóòôöõøúùûüñçğşčšžćńłý", "aaaaaaeeeeiiiioooooouuuuncgscszcnly")


@cache
def syllables_of(character: str) -> tuple[str, ...]:
    """The readings of a Chinese character without tones, the usual one first."""
    from pypinyin.contrib.tone_convert import to_normal
    from pypinyin.pinyin_dict import pinyin_dict

    readings = pinyin_dict.get(ord(character), "").split(",")
    plain = (to_normal(reading).replace("ü", "v") for reading in readings if reading)
    return tuple(dict.fromkeys(plain))


def reading(name: str) -> str:
    """Chinese characters in pinyin, each in its usual reading, without tones; empty where one has
    none."""
    readings = [syllables_of(c) for c in name]
    return "".join(each[0] for each in readings) if all(readings) else ""


@lru_cache(maxsize=4096)
def sounds_of_word(word: str) -> str:
    """The consonants of a word in Latin letters, as classes."""
    small = _DOUBLE.sub(r"\1", word.lower().translate(_FOLD))
    return "".join(_CLASSES[int((m.lastgroup or "s0")[1:])] for m in _SOUNDS.finditer(small))


@cache
def sounds_of_character(character: str) -> str:
    """The consonants of a Chinese syllable: its initial, and n where it ends so."""
    readings = syllables_of(character)
    if not readings:
        return "?"
    syllable = readings[0]
    if syllable == "er":
        return "L"
    if syllable.startswith(("hua", "hui", "huo")):
        return "W" + ("N" if syllable.endswith(("n", "ng")) else "")
    initial = _INITIAL.match(syllable)
    first = _SYLLABLE[initial.group() if initial else ""]
    return first + ("N" if syllable.endswith(("n", "ng")) else "")


def distance(english: str, chinese: str) -> float:
    """The least cost of making the sounds of the one those of the other."""
    row = [0.0]
    for sound in chinese:
        row.append(row[-1] + _ADDED.get(sound, _ADDED_OTHER))
    for i, sound in enumerate(english):
        dropped = _OPTIONAL.get(sound, _DROPPED)
        if i == len(english) - 1 > 1:
            dropped = _LAST_DROPPED.get(sound, dropped)
        above, row = row, [row[0] + dropped]
        for j, other in enumerate(chinese):
            near = _NEAR.get(other, "")
            swap = 0.0 if near[:1] == sound else _SWAPPED if sound in near else 1.2
            row.append(
                min(
                    above[j] + swap,
                    above[j + 1] + dropped,
                    row[j] + _ADDED.get(other, _ADDED_OTHER),
                )
            )
    return row[-1]


def transliterates(chinese: str, word: str) -> bool:
    """Whether Chinese characters are `word` by their sound."""
    english = sounds_of_word(word)
    most = _MOST_COST * max(len(english), _FEWEST_SOUNDS)
    return distance(english, "".join(map(sounds_of_character, chinese))) <= most


@cache
def _pinyin() -> frozenset[str]:
    """Every syllable of Mandarin, without tones."""
    return frozenset(s for c in range(0x4E00, 0x9FA6) for s in syllables_of(chr(c)))


def is_pinyin(word: str) -> bool:
    """Whether a word is spelled as one to three syllables of Mandarin: Zhang, Haisong."""
    ends = {0}
    for _ in range(_MOST_SYLLABLES):
        ends = {e for s in ends for e in range(s + 1, len(word) + 1) if word[s:e] in _pinyin()}
        if len(word) in ends:
            return True
    return False


class SoundIndex:
    """The sounds of a Chinese text: asks whether a word of Latin letters is among them."""

    def __init__(self, text: str) -> None:
        self._pieces = _windows(text)
        self._pinyin = _joined_syllables(text)

    def has_pinyin(self, word: str) -> bool:
        """True when up to three neighbouring characters are read so."""
        return word in self._pinyin

    def has(self, word: str, known: bool = False) -> bool:
        """True when the text holds `word` by its sound, as a transliteration or in pinyin.

        A word with a `known` Chinese spelling is hardly written otherwise, and one that may be
        pinyin has to sound nearly so: Yinchuan is 银川, and Manila 马尼拉.
        """
        plain = re.sub(r"[^a-z]", "", word.lower().translate(_FOLD))
        if self.has_pinyin(plain):
            return True
        english = sounds_of_word(word)
        if len(english) < _FEWEST_SOUNDS:
            return True
        part = _MOST_OF_PINYIN if is_pinyin(plain) else _MOST_OF_KNOWN if known else _MOST_COST
        most = part * len(english)
        return any(
            distance(english, piece) <= most
            for piece in self._pieces
            if abs(len(piece) - len(english)) <= 1 + len(english) // 2
        )


class WordSounds:
    """The sounds of the words of an English text: asks whether a transliteration is among them."""

    def __init__(self, text: str) -> None:
        self._words = _LATIN_WORD.findall(text)

    @cached_property
    def _sounds(self) -> set[str]:
        joined = (a + b for a, b in pairwise(self._words) if a[0].isupper())
        words = (word for word in (*self._words, *joined) if word[0].isupper())
        return {sounds_of_word(form) for word in words for form in (word, word.removesuffix("s"))}

    @cached_property
    def _rows(self) -> set[str]:
        lower = [word.lower() for word in self._words]
        runs = (lower[i : i + size] for i in range(len(lower)) for size in (1, 2, 3))
        return {"".join(run) for run in runs}

    def has_pinyin(self, name: str) -> bool:
        """True when up to three words are the Chinese name in pinyin, without 市 or 县."""
        return reading(name.rstrip("省市县区镇村")) in self._rows

    def has_any(self, words: Iterable[str]) -> bool:
        """True when one of `words`, in small letters, is in the text, or up to three of its words
        make one."""
        return not self._rows.isdisjoint(words)

    def has(self, name: str, known: bool = False) -> bool:
        """True when a word of the text, or two in a row, sound as the Chinese characters do.

        A name with a `known` English spelling is hardly written otherwise.
        """
        chinese = "".join(sounds_of_character(c) for c in name if c not in "·•・")
        part = _MOST_OF_KNOWN if known else _MOST_COST
        return any(
            distance(english, chinese) <= part * max(len(english), _FEWEST_SOUNDS)
            for english in self._sounds
            if abs(len(chinese) - len(english)) <= 1 + len(english) // 2
        )


def _windows(text: str) -> set[str]:
    """The sounds of every two to seven neighbouring characters that may transliterate a name."""
    found: set[str] = set()
    for run in _runs(text):
        sounds = [sounds_of_character(c) for c in run]
        for start in range(len(run)):
            for end in range(start + 2, min(len(run), start + 7) + 1):
                found.add("".join(sounds[start:end]))
    return found


def _runs(text: str) -> Iterator[str]:
    start = None
    for i, c in enumerate(text + " "):
        if c in TRANSLITERATING or c in ALSO:
            start = i if start is None else start
        elif start is not None:
            if i - start >= 2:
                yield text[start:i]
            start = None


def _joined_syllables(text: str) -> set[str]:
    """The pinyin of every one to three neighbouring characters: kong, lingqiang."""
    readings = [syllables_of(c)[:2] if "\u4e00" <= c <= "\u9fff" else () for c in text]
    found: set[str] = set()
    for start in range(len(text)):
        grown: set[str] = {""}
        for options in readings[start : start + 3]:
            grown = {before + syllable for before in grown for syllable in options}
            found |= grown
    return found
