import pytest

from service.facts.name_support import NameSupport
from service.facts.names import Glossary

ZH = "巴西总统博索纳罗与中美两国代表会面。新冠疫情期间，果农王海松在爱沙尼亚卖苹果，德国人也来了。"
EN = (
    "President Bolsonaro met American and Chinese envoys. During the COVID-19 pandemic Wang Haisong"
    " sold apples in Estonia, and Germans came."
)


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    return Glossary.load()


@pytest.mark.parametrize(
    ("article", "digest", "unsupported"),
    [
        (ZH, "Brazil's Bolsonaro met envoys of China and the US.", []),
        (ZH, "Haisong Wang sold fruit in Estonia during COVID-19.", []),
        (ZH, "The High Street Committee heard it, with VAT and a Harbour Bridge.", []),
        (ZH + "一架伊尔-76来了。", "Il-76s came.", []),
        (ZH + "一架伊尔-76来了。", "An Il-96 came.", ["Il-96"]),
        (ZH + "旁遮普人来了。", "A Punjabi singer came.", []),
        # A listed name is looked for as Chinese writes it, whatever else sounds so: 内地, 日期.
        (
            ZH + "内地的日期和加班时间不变。",
            "Japan and Greenland sold fruit.",
            ["Japan", "Greenland"],
        ),
        (ZH, "Many Americans and a Brazilian sold fruit.", []),
        (ZH + "他们为冬奥会训练。", "The winter Olympics came.", []),
        (ZH + "油管上有视频。", "It was on YouTube.", []),
        (ZH + "台风莫拉克来了，去了波登镇。", "On Monday Morakot came to Bordentown.", []),
        (ZH + "星尘号来了。", "On Monday Stardust came.", []),
        (
            ZH + "光明天使（Bright Angel）露营地满了。",
            "On Monday Bright Angel Campground was full.",
            [],
        ),
        (ZH + "卡-52来了。", "On Monday the Kamov Ka-52M came.", []),
        (ZH + "卡-52来了。", "On Monday the Kamov Ka-62M came.", ["Kamov Ka-62M"]),
        (ZH, "On Monday Kavanaugh met envoys of China.", ["Kavanaugh"]),
        (ZH, "On Monday Triantafylopoulos sold fruit.", ["Triantafylopoulos"]),
        (EN, "博索纳罗会见了美国和中国代表，德国人也来了。", []),
        (EN, "新冠疫情期间，王海松在爱沙尼亚卖苹果。", []),
        (EN, "安娜·斯特凡尼克会见了美国代表。", ["斯特凡尼克"]),
        (EN, "名将布兰森爵士（Richard Branson）来了。", ["Richard Branson"]),
        (ZH, "王海松在爱沙尼亚卖苹果。", []),
        (ZH, "杜特尔特卖苹果。", ["杜特尔特"]),
        (EN, "Wang Haisong sold apples.", []),
        (EN, "On Monday Provenzano sold apples.", ["Provenzano"]),
        # A body at home goes without its country, and a capital stands for the government.
        (ZH + "国会通过了，民主党反对。", "Congress passed it, and Democrats objected.", []),
        (ZH, "On Monday Congress passed it.", ["Congress"]),
        (ZH + "中方作了回应。", "Envoys of Beijing replied.", []),
        (ZH + "在马来西亚卖。", "Many Jamaicans and Malaysians sold fruit.", ["Jamaicans"]),
        # Names that are made of words, and blends of them, can't be judged.
        (ZH, "The Metallurgical Exhibitors and SkyTeam met over Brexit, an Avenger too.", []),
        (ZH + "他来自汉普郡。", "The envoy came from Hampshire.", []),
        # Pinyin is read as it stands: a name in either order, a town.
        (ZH, "On Monday Zhang Wei sold fruit.", ["Zhang Wei"]),
        (ZH + "张伟来了。", "On Monday Wei Zhang sold fruit.", []),
        (ZH, "The fruit came from Yinchuan.", ["Yinchuan"]),
        (ZH + "他来自银川。", "The fruit came from Yinchuan.", []),
        (EN, "果农陈光明卖苹果。", ["陈光明"]),
        (EN + " Guangming Chen came.", "果农陈光明卖苹果。", []),
        (EN + " Mr Chan came.", "果农陈光明卖苹果。", []),
        (EN + " They met in Seoul.", "果农李在明卖苹果。", []),
        (EN, "苹果来自银川市。", ["银川市"]),
        (EN + " They grew in Yinchuan.", "苹果来自银川市。", []),
        (EN, "马丁卖苹果。", ["马丁"]),
        (EN, "本赛季卖苹果。", []),
        # A short name of a place keeps its kind.
        (ZH + "关岛地震了。", "On Monday the earth shook on Guam.", []),
        (ZH + "陕北民歌响了。", "On Monday songs of Shaanxi came.", []),
        (ZH, "On Monday songs of Shaanxi came.", ["Shaanxi"]),
        # A figure beside a word is not a part of a name.
        (ZH + "根据第二十二条，", "On Monday Article 22 came.", []),
        (ZH, "On Monday the Vancouver 2010 games came.", ["Vancouver"]),
        (ZH + "温哥华冬奥会来了。", "On Monday the Vancouver 2010 games came.", []),
        # Capitals inside a name may be those of a name that is written by its sound.
        (ZH + "勒布朗来了。", "On Monday LeBron came.", []),
        (ZH, "On Monday LeBron came.", ["LeBron"]),
        (ZH, "The United States objected, and the United Kingdom.", ["United Kingdom"]),
        (EN, "果农吕金虎卖苹果。", ["吕金虎"]),
        (EN + " Lu Jinhu came.", "果农吕金虎卖苹果。", []),
        (EN + " Julius Rosenberg came.", "对朱利叶斯·罗森伯格判了刑。", []),
        (EN + " Moscow objected.", "俄罗斯卖苹果。", []),
        (EN, "俄罗斯卖苹果。", ["俄罗斯"]),
        (EN + " They argued about Brexit.", "英国人卖苹果。", []),
    ],
)
def test_names_across_languages_and_within(
    glossary: Glossary, article: str, digest: str, unsupported: list[str]
) -> None:
    support = NameSupport(article, glossary.find_names(article), glossary)
    lacking = [name.surface for name in glossary.find_names(digest) if support.lacks(name)]
    lacking += [n for n in support.unlisted_han(digest) if not any(n in said for said in lacking)]
    assert lacking == unsupported


@pytest.mark.parametrize(
    ("article", "digest", "meant", "lacking"),
    [
        (ZH, "The Harbour Bridge closed.", False, ["Harbour Bridge"]),
        (ZH, "The Harbour Bridge closed.", None, []),
        (ZH, "On Monday Kavanaugh came.", None, ["Kavanaugh"]),
        (ZH, "On Monday Kavanaugh came.", True, []),
        (EN, "卫生部关了。", False, ["卫生部"]),
        (EN, "卫生部关了。", None, []),
        (EN, "果农陈光明卖苹果。", True, []),
    ],
)
def test_meaning_tells_what_spelling_and_sound_do_not(
    glossary: Glossary, article: str, digest: str, meant: bool | None, lacking: list[str]
) -> None:
    support = NameSupport(article, glossary.find_names(article), glossary)
    names = glossary.find_names(digest)
    found = [name.surface for name in names if support.lacks(name, lambda _: meant)]
    found += support.unlisted_han(digest, lambda name: meant if name in digest else None)
    assert [
        name
        for name in found
        if name in (*lacking, "Harbour Bridge", "Kavanaugh", "卫生部", "陈光明")
    ] == lacking
