"""One story in both languages, true digests of it, and digests of another story."""

ARTICLE_EN = (
    "The city council of Yunting praised the tram plan on Tuesday.\n"
    "The new line will have 40 stops and costs 12 million dollars. Drivers fear that parking"
    " spaces disappear from the old town.\n"
    "Mayor Helen Brook said that fares stay the same for three years."
)
ARTICLE_ZH = (
    "云汀市议会星期二称赞了电车计划。\n"
    "新线路将设40个车站，耗资1200万美元。司机担心老城区的停车位会消失。\n"
    "市长海伦·布鲁克表示，票价三年不变。"
)
ARTICLES = {"en": ARTICLE_EN, "zh": ARTICLE_ZH}
DIGESTS = {
    "en": "Yunting's council backs a tram plan with 40 stops for 12 million dollars."
    " Drivers worry about parking in the old town.",
    "zh": "云汀市议会支持电车计划，新线路有40个车站，耗资1200万美元。司机担心老城区的停车位。",
}
OTHERS = {
    "en": "Owls returned to the forest after volunteers hung wooden boxes in beech trees."
    " Biologists counted chicks and ringed every one of them.",
    "zh": "志愿者在山毛榉树上挂起木箱后，猫头鹰重新回到森林。生物学家清点雏鸟并为它们戴上脚环。",
}
