"""A report about a ferry pier: sentences, each a paragraph, some of which no digest may hold."""

ENGLISH = [
    "The harbour authority will close the old ferry pier in March.",
    "The ferry pier opened in 1931 and carries 400 passengers a day.",
    "However, its timber piles are rotten below the water line.",
    "Who will pay?",
    '"I have taken this boat since I was nine."',
    "A new ferry pier of steel will open beside it in June at a cost of $12 million.",
    "Timetable",
    "The harbour authority expects the new pier to last 80 years.",
    "A bakery on the square won a prize for its rye bread.",
]
CHINESE = [
    "港务局将于三月关闭旧渡轮码头。",
    "旧渡轮码头1931年启用，每天运送400名乘客。",
    "然而，水线以下的木桩已经腐烂。",
    "谁来出这笔钱？",
    "“我九岁起就坐这条船了。”",
    "新的钢结构渡轮码头将于六月在旁边启用，造价1200万元。",
    "时间表",
    "港务局预计新渡轮码头可以使用80年。",
    "广场上的一家面包店凭黑麦面包得了奖。",
]

CASES = [(ENGLISH, "en", 50), (CHINESE, "zh-Hans", 80)]
