"""Articles whose sentences have true translations, and an engine that answers with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.article import Article
from service.cleaning import clean
from service.pipeline.localized import localized
from service.resources import Resources
from service.tasks import (
    LANGUAGES,
    Answer,
    DigestAnswer,
    DigestLanguage,
    DigestTask,
    Request,
    StanceAnswer,
    StanceTask,
    Task,
    TaskAnswer,
    TranslationAnswer,
    TranslationTask,
)

ZH = Article(
    "云汀市交通局12月1日宣布，电车2号线将于2026年5月18日通车。"
    "全线长21公里，设15座车站，总投资143亿元。\n"
    "马斯克的特斯拉将为电车提供电池。约3.5万名居民每天将乘坐这条线路上班。",
    title="电车2号线",
    source="电车.txt",
)
EN = Article(
    "The city of Yunting announced on December 1 that tram line 2 will open on May 18, 2026. "
    "The line is 21 kilometres long, has 15 stations and cost 14.3 billion yuan in all.\n"
    "Elon Musk's company Tesla will supply the batteries of the trams. "
    "About 35,000 residents will take the line to work every day.",
    title="Tram line 2",
    source="trams.txt",
)
FR = Article(
    "La ville a annoncé mardi que la nouvelle ligne de tramway ouvrira le 18 mai 2026. "
    "La ligne mesure 21 kilomètres et compte 15 stations pour les habitants du quartier. "
    "Les habitants soutiennent ce projet depuis longtemps et veulent aller au travail en tram.",
    title="Le tramway",
    source="tramway.txt",
)

TRUE: Mapping[str, Mapping[DigestLanguage, str]] = {
    "云汀市交通局12月1日宣布，电车2号线将于2026年5月18日通车。": {
        "en": "Yunting's transport bureau announced on December 1 that tram line 2 will open on"
        " May 18, 2026."
    },
    "全线长21公里，设15座车站，总投资143亿元。": {
        "en": "The whole line is 21 kilometres long with 15 stations, and the total investment is"
        " 14.3 billion yuan."
    },
    "马斯克的特斯拉将为电车提供电池。": {
        "en": "Elon Musk's Tesla will provide the batteries for the trams."
    },
    "约3.5万名居民每天将乘坐这条线路上班。": {
        "en": "About 35,000 residents will take this line to work every day."
    },
    "The city of Yunting announced on December 1 that tram line 2 will open on May 18, 2026.": {
        "zh": "云汀市12月1日宣布，电车2号线将于2026年5月18日通车。"
    },
    "The line is 21 kilometres long, has 15 stations and cost 14.3 billion yuan in all.": {
        "zh": "该线路长21公里，设有15座车站，总共耗资143亿元。"
    },
    "Elon Musk's company Tesla will supply the batteries of the trams.": {
        "zh": "马斯克的公司特斯拉将为电车提供电池。"
    },
    "About 35,000 residents will take the line to work every day.": {
        "zh": "约3.5万名居民每天将乘坐这条线路上班。"
    },
    "La ville a annoncé mardi que la nouvelle ligne de tramway ouvrira le 18 mai 2026.": {
        "en": "The city announced on Tuesday that the new tram line will open on May 18, 2026.",
        "zh": "市政府星期二宣布，新的电车线路将于2026年5月18日开通。",
    },
    "La ligne mesure 21 kilomètres et compte 15 stations pour les habitants du quartier.": {
        "en": "The line is 21 kilometres long and has 15 stations for the residents of the area.",
        "zh": "这条线路长21公里，为该区居民设有15座车站。",
    },
    "Les habitants soutiennent ce projet depuis longtemps et veulent aller au travail en tram.": {
        "en": "The residents have long supported this project and want to take the tram to work.",
        "zh": "居民长期以来支持这个项目，希望乘电车上班。",
    },
}


@dataclass(frozen=True)
class Translator:
    """Answers translations with the true ones, and digests with nothing, so that they fail.

    `wrong` replaces the first answers to the sentences it has, one for each time they are asked.
    """

    article: Article
    resources: Resources
    wrong: Mapping[str, Sequence[str]]

    def answer(self, request: Request) -> Answer:
        return Answer(tuple(self._answer(task) for task in request.tasks))

    def _answer(self, task: Task) -> TaskAnswer:
        match task:
            case DigestTask():
                return DigestAnswer("", "abstractive")
            case StanceTask():
                return StanceAnswer("none", {"favor": 0.1, "against": 0.1, "none": 0.8})
            case TranslationTask():
                original = self._originals[task.language, task.text]
                wrong = self.wrong.get(original, ())
                if len(wrong) > task.again:
                    return TranslationAnswer(wrong[task.again])
                return TranslationAnswer(TRUE[original][task.language])

    @property
    def _originals(self) -> dict[tuple[DigestLanguage, str], str]:
        """The article's sentences by what an engine is given of them."""
        document = clean(self.article)
        glossary = self.resources.glossary
        return {
            (language, text): sentence.text
            for sentence in document.sentences
            for language in LANGUAGES
            for text in (localized(sentence.text, document, language, glossary), sentence.text)
        }
