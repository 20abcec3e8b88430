"""The currencies, and how texts write an amount of each."""

import re
from typing import NamedTuple


class Currency(NamedTuple):
    """The spelling of an amount: a sign before it, or a word after it, in English; Chinese words.

    Then the spellings a text may use after a number and before it, parted by `;`.
    """

    sign: str
    word: str
    zh: str
    english: str
    chinese: str
    signs: str = ""


CURRENCIES = {
    "USD": Currency("US$", "", "美元", "US dollars;U.S. dollars;dollars;dollar;USD;US dollar;"
        "American dollars", "美元;美金;美圆;美圓", "US$;U.S.$;$;USD;US dollars"),
    "CNY": Currency("", "yuan", "元人民币", "yuan;renminbi;RMB;CNY;Chinese yuan",
        "元人民币;元人民幣;人民币;人民幣", "RMB;rmb;CNY;人民币;人民幣;CN¥"),
    "HKD": Currency("HK$", "", "港元", "Hong Kong dollars;HKD;HK dollars", "港元;港币;港幣;港圆",
        "HK$;HKD;港币;港幣"),
    "TWD": Currency("NT$", "", "元新台币", "New Taiwan dollars;Taiwan dollars;NTD;TWD;NT dollars",
        "元新台币;元新台幣;新台币;新台幣;新臺幣;台币;台幣;元台币;元台幣",
        "NT$;NTD;TWD;新台币;新台幣;新臺幣;台幣;台币"),
    "EUR": Currency("€", "", "欧元", "euros;euro;EUR", "欧元;歐元", "€;EUR"),
    "GBP": Currency("£", "", "英镑", "pounds sterling;pounds;pound;GBP;British pounds",
        "英镑;英鎊", "£;GBP"),
    "JPY": Currency("", "yen", "日元", "yen;JPY;Japanese yen", "日元;日圆;日圓;円;日币;日幣",
        "JP¥;JPY;日币;日幣"),
    "KRW": Currency("", "won", "韩元", "won;KRW;South Korean won;Korean won",
        "韩元;韓元;韩圆;韓圜;韓圓;韩币;韓幣", "₩;KRW"),
    "INR": Currency("", "rupees", "卢比", "rupees;rupee;INR;Indian rupees", "卢比;盧比;印度卢比",
        "₹;INR;Rs.;Rs"),
    "RUB": Currency("", "roubles", "卢布", "roubles;rouble;rubles;ruble;RUB;Russian rubles",
        "卢布;盧布", "₽;RUB"),
    "CHF": Currency("", "Swiss francs", "瑞士法郎", "Swiss francs;francs;CHF", "瑞士法郎;瑞郎",
        "CHF"),
    "AUD": Currency("A$", "", "澳元", "Australian dollars;AUD", "澳元;澳币;澳幣;澳大利亚元",
        "A$;AU$;AUD"),
    "NZD": Currency("NZ$", "", "新西兰元", "New Zealand dollars;NZD",
        "新西兰元;紐西蘭元;新西蘭元;纽币;紐幣;纽元;紐元", "NZ$;NZD"),
    "CAD": Currency("C$", "", "加元", "Canadian dollars;CAD", "加元;加币;加幣;加拿大元",
        "C$;CA$;CAD"),
    "SGD": Currency("S$", "", "新加坡元", "Singapore dollars;SGD",
        "新加坡元;新元;新币;新幣;坡元;坡币", "S$;SG$;SGD"),
    "MOP": Currency("MOP$", "", "澳门元", "patacas;pataca;MOP", "澳门元;澳門元;澳门币;澳門幣",
        "MOP$"),
    "BRL": Currency("R$", "", "巴西雷亚尔", "reais;Brazilian reais;BRL",
        "雷亚尔;巴西雷亚尔;雷亞爾;黑奥;黑奧", "R$;BRL"),
    "MXN": Currency("", "Mexican pesos", "墨西哥比索", "Mexican pesos;MXN", "墨西哥比索",
        "MX$;Mex$"),
    "THB": Currency("", "baht", "泰铢", "baht;THB", "泰铢;泰銖", "฿;THB"),
    "VND": Currency("", "dong", "越南盾", "dong;VND", "越南盾;越盾", "VND;₫"),
    "IDR": Currency("", "rupiah", "印尼盾", "rupiah;IDR", "印尼盾;印尼卢比", "Rp;IDR"),
    "MYR": Currency("", "ringgit", "林吉特", "ringgit;MYR", "林吉特;令吉;马币;馬幣", "MYR"),
    "PHP": Currency("", "Philippine pesos", "菲律宾比索", "Philippine pesos", "菲律宾比索;披索",
        "₱"),
    "TRY": Currency("", "Turkish lira", "土耳其里拉", "Turkish lira;Turkish liras",
        "土耳其里拉", "₺"),
    "SEK": Currency("", "Swedish kronor", "瑞典克朗", "Swedish kronor;kronor;SEK",
        "瑞典克朗", "SEK"),
    "NOK": Currency("", "Norwegian kroner", "挪威克朗", "Norwegian kroner;NOK", "挪威克朗", "NOK"),
    "DKK": Currency("", "Danish kroner", "丹麦克朗", "Danish kroner;DKK", "丹麦克朗;丹麥克朗",
        "DKK"),
    "ZAR": Currency("", "South African rand", "南非兰特", "South African rand;ZAR",
        "南非兰特;南非蘭特", "ZAR"),
    "ILS": Currency("", "shekels", "以色列谢克尔", "shekels;shekel", "谢克尔;謝克爾;新谢克尔", "₪"),
    "UAH": Currency("", "hryvnias", "格里夫纳", "hryvnias;hryvnia", "格里夫纳", "₴"),
    "cent": Currency("", "US cents", "美分", "US cents;U.S. cents", "美分", ""),
}  # fmt: skip

# Words that are money, of a country that only the text can tell.
OPEN_ENGLISH = ("kroner", "pesos", "peso", "rand", "lira", "liras", "cents", "cent", "dinars",
                "dirhams", "riyals", "shillings", "francs")  # fmt: skip
OPEN_CHINESE = ("克朗", "比索", "里拉", "兰特", "蘭特", "第纳尔", "迪拉姆", "里亚尔", "先令",
                "法郎", "卢比", "盧比")  # fmt: skip
# 元 and 块 name a currency only together with where the text comes from.
LOCAL_MONEY = ("元", "圆", "圓", "块钱", "塊錢")


def _spellings(*columns: str) -> list[str]:
    return [spelling for column in columns for spelling in column.split(";") if spelling]


def any_of(spellings: list[str]) -> str:
    """A regular expression that takes the longest of the spellings."""
    return "|".join(re.escape(s) for s in sorted(set(spellings), key=len, reverse=True))


MONEY_BY_SPELLING: dict[str, str | None] = {
    spelling.lower(): code
    for code, currency in CURRENCIES.items()
    for spelling in _spellings(currency.english, currency.chinese, currency.signs)
}
for _open in (*OPEN_ENGLISH, *OPEN_CHINESE):
    MONEY_BY_SPELLING.setdefault(_open, None)

_SIGNS = any_of([*_spellings(*(c.signs for c in CURRENCIES.values())), "¥"])
_NAMES_ZH = any_of([*_spellings(*(c.chinese for c in CURRENCIES.values())), *OPEN_CHINESE])
_NAMES_EN = any_of([*_spellings(*(c.english for c in CURRENCIES.values())), *OPEN_ENGLISH])

# Letters before a $ make another country's of it, known (NZ$, HK $) or not (Z$).
SIGN = re.compile(
    rf"(?<![A-Za-z])((?:HK|NZ|AU?|CA?|US|NT|SG?|R|MX|MOP) ?\$|[A-Z]{{1,3}}\$|{_SIGNS}) ?",
)
SIGN_BEFORE = re.compile(SIGN.pattern + r"\Z")
# 5亿元港币 is Hong Kong's money, not the yuan.
MONEY_ZH = re.compile(rf" ?(?:[元圆圓](?=(?:{_NAMES_ZH})))?({_NAMES_ZH}|{'|'.join(LOCAL_MONEY)})")
MONEY_EN = re.compile(rf"[ -]?(?:of |in )?({_NAMES_EN})(?![A-Za-z])", re.IGNORECASE)
