"""The units that figures carry, as they are written in English and in Chinese."""

import re
from typing import NamedTuple


class Unit(NamedTuple):
    """How to write the unit after a number, and the spellings that a text may use."""

    one: str
    many: str
    zh: str
    english: tuple[str, ...]
    chinese: tuple[str, ...]


def _unit(one: str, many: str, zh: str, english: str, chinese: str) -> Unit:
    return Unit(one, many, zh, tuple(english.split(";")), tuple(chinese.split()))


UNITS = {
    "person": _unit(
        "person", "people", "人",
        "people;persons;person;employees;workers;staff members;staff;students;soldiers;troops;"
        "civilians;residents;passengers;patients;protesters;refugees;migrants;deaths;attendees;"
        "participants;researchers;engineers;scientists;officers;fans;visitors;inhabitants",
        "人 名 位",
    ),
    "visit": _unit("visit", "visits", "人次", "visits;trips", "人次"),
    "household": _unit("household", "households", "户", "households;families", "户 戶 家庭"),
    "year": _unit("year", "years", "年", "years;year;yrs", "年 週年 周年 載"),
    "age": _unit("year old", "years old", "岁", "years old;year old;years-old;year-old;years of age",
                 "岁 歲"),
    "month": _unit("month", "months", "个月", "months;month", "个月 個月"),
    "week": _unit("week", "weeks", "周", "weeks;week", "周 週 星期 个星期 個星期 个礼拜"),
    "day": _unit("day", "days", "天", "days;day", "天"),
    "hour": _unit("hour", "hours", "小时", "hours;hour;hrs", "小时 小時 个小时 個小時 钟头 個鐘頭"),
    "minute": _unit("minute", "minutes", "分钟", "minutes;minute;mins;min", "分钟 分鐘"),
    "second": _unit("second", "seconds", "秒", "seconds;second;sec", "秒 秒钟 秒鐘"),
    "times": _unit("time", "times", "倍", "times;fold", "倍"),
    "km": _unit("km", "km", "公里", "kilometers;kilometres;kilometer;kilometre;km;kms",
                "公里 千米 km"),
    "m": _unit("metre", "metres", "米", "meters;metres;meter;metre;m", "米 公尺"),
    "cm": _unit("cm", "cm", "厘米", "centimeters;centimetres;centimeter;centimetre;cm",
                "厘米 釐米 公分 cm"),
    "mm": _unit("mm", "mm", "毫米", "millimeters;millimetres;millimeter;millimetre;mm",
                "毫米 公釐 mm"),
    "mile": _unit("mile", "miles", "英里", "miles;mile;mi", "英里 哩"),
    "ft": _unit("foot", "feet", "英尺", "feet;foot;ft", "英尺 呎"),
    "inch": _unit("inch", "inches", "英寸", "inches;inch", "英寸 吋"),
    "yard": _unit("yard", "yards", "码", "yards;yard", "码 碼"),
    "km/h": _unit("km/h", "km/h", "公里/小时",
                  "km/h;kph;kmh;kilometers per hour;kilometres per hour;kilometers an hour;"
                  "kilometres an hour", "公里/小时 公里每小时 千米每小时 km/h 公里/小時"),
    "mph": _unit("mph", "mph", "英里/小时", "mph;miles per hour;miles an hour",
                 "英里/小时 英里每小时"),
    "km2": _unit("square km", "square km", "平方公里",
                 "square kilometers;square kilometres;square km;sq km;km²;km2",
                 "平方公里 平方千米"),
    "m2": _unit("square metre", "square metres", "平方米",
                "square meters;square metres;sq m;m²;m2", "平方米 平方公尺 平米"),
    "mi2": _unit("square mile", "square miles", "平方英里", "square miles;sq mi", "平方英里"),
    "m3": _unit("cubic metre", "cubic metres", "立方米", "cubic meters;cubic metres;m³;m3",
                "立方米 立方公尺"),
    "hectare": _unit("hectare", "hectares", "公顷", "hectares;hectare;ha", "公顷 公頃"),
    "acre": _unit("acre", "acres", "英亩", "acres;acre", "英亩 英畝"),
    "mu": _unit("mu", "mu", "亩", "mu", "亩 畝"),
    "t": _unit("tonne", "tonnes", "吨", "tonnes;tonne;tons;ton;metric tons", "吨 噸 公吨 公噸"),
    "kg": _unit("kg", "kg", "公斤", "kilograms;kilogram;kilos;kg;kgs", "公斤 千克 kg"),
    "g": _unit("gram", "grams", "克", "grams;gram;g", "克"),
    "mg": _unit("mg", "mg", "毫克", "milligrams;milligram;mg", "毫克 mg"),
    "lb": _unit("pound", "pounds", "磅", "lbs;lb", "磅"),
    "litre": _unit("litre", "litres", "升", "litres;liters;litre;liter", "升 公升"),
    "barrel": _unit("barrel", "barrels", "桶", "barrels;barrel", "桶"),
    "gallon": _unit("gallon", "gallons", "加仑", "gallons;gallon", "加仑 加侖"),
    "C": _unit("°C", "°C", "摄氏度", "°C;degrees Celsius;degree Celsius;degrees centigrade;℃",
               "°C ℃ 摄氏度 攝氏度"),
    "F": _unit("°F", "°F", "华氏度", "°F;degrees Fahrenheit;℉", "°F ℉ 华氏度 華氏度"),
    "degree": _unit("degree", "degrees", "度", "degrees;degree", "度 °"),
    "kWh": _unit("kWh", "kWh", "千瓦时", "kWh;kilowatt-hours;kilowatt hours", "千瓦时 千瓦時 kWh 度電 度电"),
    "W": _unit("W", "W", "瓦", "watts;watt;W", "瓦 瓦特"),
    "kW": _unit("kW", "kW", "千瓦", "kilowatts;kilowatt;kW", "千瓦 kW"),
    "MW": _unit("MW", "MW", "兆瓦", "megawatts;megawatt;MW", "兆瓦 MW"),
    "GW": _unit("GW", "GW", "吉瓦", "gigawatts;gigawatt;GW", "吉瓦 GW"),
    "V": _unit("V", "V", "伏", "volts;volt;V", "伏 伏特"),
    "GHz": _unit("GHz", "GHz", "吉赫兹", "GHz;gigahertz", "GHz 吉赫"),
    "MHz": _unit("MHz", "MHz", "兆赫", "MHz;megahertz", "MHz 兆赫"),
    "MB": _unit("MB", "MB", "MB", "MB;megabytes", "MB 兆字节"),
    "GB": _unit("GB", "GB", "GB", "GB;gigabytes", "GB 吉字节"),
    "TB": _unit("TB", "TB", "TB", "TB;terabytes", "TB 太字节"),
    "nm": _unit("nm", "nm", "纳米", "nm;nanometers;nanometres;nanometer;nanometre", "纳米 納米 奈米"),
    "micron": _unit("micrometre", "micrometres", "微米", "µm;μm;micrometers;micrometres;microns",
                    "微米"),
    "light-year": _unit("light-year", "light-years", "光年", "light-years;light-year;light years",
                        "光年"),
    "seat": _unit("seat", "seats", "席", "seats", "席 议席 議席"),
    "vote": _unit("vote", "votes", "票", "votes", "票"),
    "share": _unit("share", "shares", "股", "shares", "股"),
    "vehicle": _unit("vehicle", "vehicles", "辆", "vehicles;cars", "辆 輛"),
}  # fmt: skip


class Currency(NamedTuple):
    """`sign` stands before the number in English; a currency without one has a word after it."""

    sign: str
    word: str
    zh: str
    english: tuple[str, ...]
    chinese: tuple[str, ...]
    signs: tuple[str, ...] = ()


def _money(sign: str, word: str, zh: str, english: str, chinese: str, signs: str = "") -> Currency:
    return Currency(
        sign, word, zh, tuple(english.split(";")), tuple(chinese.split()), tuple(signs.split())
    )


CURRENCIES = {
    "USD": _money("US$", "", "美元", "US dollars;U.S. dollars;dollars;dollar;USD;US dollar",
                  "美元 美金 美圆", "US$ $ USD"),
    "CNY": _money("", "yuan", "元人民币", "yuan;renminbi;RMB;CNY", "元人民币 元人民幣 人民币 人民幣",
                  "RMB CNY 人民币 人民幣 CN¥"),
    "HKD": _money("HK$", "", "港元", "Hong Kong dollars;HKD", "港元 港币 港幣", "HK$ HKD 港币 港幣"),
    "TWD": _money("NT$", "", "元新台币",
                  "New Taiwan dollars;Taiwan dollars;NTD;TWD",
                  "元新台币 元新台幣 新台币 新台幣 台币 台幣 元台币 元台幣",
                  "NT$ TWD 新台币 新台幣 新臺幣 台幣 台币"),
    "EUR": _money("€", "", "欧元", "euros;euro;EUR", "欧元 歐元", "€ EUR"),
    "GBP": _money("£", "", "英镑", "pounds sterling;pounds;pound;GBP", "英镑 英鎊", "£ GBP"),
    "JPY": _money("", "yen", "日元", "yen;JPY", "日元 日圆 日圓", "JP¥ JPY"),
    "KRW": _money("", "won", "韩元", "won;KRW", "韩元 韓元 韩圆 韓圜 韓圓", "₩ KRW"),
    "INR": _money("", "rupees", "卢比", "rupees;rupee;INR", "卢比 盧比", "₹ INR Rs."),
    "RUB": _money("", "roubles", "卢布", "roubles;rouble;rubles;ruble;RUB", "卢布 盧布", "₽ RUB"),
    "CHF": _money("", "Swiss francs", "瑞士法郎", "Swiss francs;francs;CHF", "瑞士法郎 瑞郎", "CHF"),
    "AUD": _money("A$", "", "澳元", "Australian dollars;AUD", "澳元 澳币 澳幣", "A$ AU$ AUD"),
    "CAD": _money("C$", "", "加元", "Canadian dollars;CAD", "加元 加币 加幣", "C$ CA$ CAD"),
    "SGD": _money("S$", "", "新加坡元", "Singapore dollars;SGD", "新加坡元 新元 新币 新幣 坡元",
                  "S$ SGD"),
    "MOP": _money("MOP$", "", "澳门元", "patacas;pataca;MOP", "澳门元 澳門元 澳门币 澳門幣", "MOP$"),
    "cent": _money("", "US cents", "美分", "US cents;U.S. cents;cents;cent", "美分", "¢"),
}  # fmt: skip

# 元 and 块 name a currency only together with where the text comes from.
LOCAL_MONEY = ("元", "圆", "圓", "块钱", "塊錢")

UNIT_BY_SPELLING = {
    spelling.lower(): key
    for key, unit in UNITS.items()
    for spelling in (*unit.english, *unit.chinese)
}
MONEY_BY_SPELLING = {
    spelling.lower(): code
    for code, currency in CURRENCIES.items()
    for spelling in (*currency.english, *currency.chinese, *currency.signs)
}


def alternatives(spellings: list[str]) -> str:
    """A regular expression that takes the longest of the spellings."""
    return "|".join(re.escape(s) for s in sorted(set(spellings), key=len, reverse=True))


_ENGLISH_UNITS = [s for u in UNITS.values() for s in u.english]
_CHINESE_UNITS = [s for u in UNITS.values() for s in u.chinese]
_ENGLISH_MONEY = [s for c in CURRENCIES.values() for s in c.english]
_CHINESE_MONEY = [s for c in CURRENCIES.values() for s in c.chinese]
_SIGNS = [s for c in CURRENCIES.values() for s in c.signs]

_SIGN = rf"(?<![A-Za-z])({alternatives([*_SIGNS, '¥'])}) ?"
SIGN_BEFORE = re.compile(_SIGN + r"\Z", re.IGNORECASE)
SIGN = re.compile(_SIGN, re.IGNORECASE)
MONEY_ZH = re.compile(rf" ?({alternatives(_CHINESE_MONEY + list(LOCAL_MONEY))})")
MONEY_EN = re.compile(rf"[ -]?(?:of |in )?({alternatives(_ENGLISH_MONEY)})(?![a-z])", re.IGNORECASE)
# 度 closes many words (年度, 程度), 名 and 位 open some (名单, 位于): what follows tells them apart.
UNIT_ZH = re.compile(
    rf" ?({alternatives(_CHINESE_UNITS)})"
    r"(?!(?<=[名位])[单單义義次额額于於置数數列]|(?<=[年周週])[代级級度]|(?<=[度])[假过過])"
)
UNIT_EN = re.compile(rf"[ -]?({alternatives(_ENGLISH_UNITS)})(?![A-Za-z])")
