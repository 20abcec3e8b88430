"""The units that figures carry, as they are written in English and in Chinese."""

import re
from typing import NamedTuple

from service.facts.numerals.currencies import any_of
from service.text.han import HAN


class Unit(NamedTuple):
    """The spelling of the unit after a number, and the spellings a text may use, parted by `;`."""

    one: str
    many: str
    zh: str
    english: str
    chinese: str


UNITS = {
    "person": Unit("person", "people", "人",
        "people;persons;person;employees;workers;staff members;staff;students;"
        "soldiers;troops;civilians;residents;passengers;patients;protesters;refugees;"
        "migrants;deaths;attendees;participants;researchers;engineers;scientists;"
        "officers;fans;visitors;inhabitants;citizens;commuters;pupils;teachers;nurses;doctors;"
        "drivers;voters;customers;tourists;spectators;women;men;children;adults",
        "人;名;位;居民;市民;村民;学生;學生;员工;員工;工人;职工;職工;"
        "乘客;旅客;游客;遊客;患者;观众;觀眾;选民;選民;难民;難民"),
    "user": Unit("user", "users", "用户", "users;user", "用户;用戶"),
    "visit": Unit("visit", "visits", "人次", "visits;trips", "人次"),
    "household": Unit("household", "households", "户", "households;families",
        "户;戶;住户;住戶;家庭"),
    "year": Unit("year", "years", "年", "years;year;yrs", "年;週年;周年;載"),
    "age": Unit("year old", "years old", "岁", "years old;year old;years-old;year-old;years of age",
        "岁;歲"),
    "month": Unit("month", "months", "个月", "months;month", "个月;個月"),
    "week": Unit("week", "weeks", "周", "weeks;week", "周;週;星期;个星期;個星期;个礼拜"),
    "day": Unit("day", "days", "天", "days;day", "天"),
    "hour": Unit("hour", "hours", "小时", "hours;hour;hrs", "小时;小時;个小时;個小時;钟头;個鐘頭"),
    "minute": Unit("minute", "minutes", "分钟", "minutes;minute;mins;min", "分钟;分鐘"),
    "second": Unit("second", "seconds", "秒", "seconds;second;sec", "秒;秒钟;秒鐘"),
    "times": Unit("time", "times", "倍", "times;fold", "倍"),
    "km": Unit("km", "km", "公里", "kilometers;kilometres;kilometer;kilometre;km;kms",
        "公里;千米;km"),
    "m": Unit("metre", "metres", "米", "meters;metres;meter;metre;m", "米;公尺"),
    "cm": Unit("cm", "cm", "厘米", "centimeters;centimetres;centimeter;centimetre;cm",
        "厘米;釐米;公分;cm"),
    "mm": Unit("mm", "mm", "毫米", "millimeters;millimetres;millimeter;millimetre;mm",
        "毫米;公釐;mm"),
    "mile": Unit("mile", "miles", "英里", "miles;mile;mi", "英里;哩"),
    "ft": Unit("foot", "feet", "英尺", "feet;foot;ft", "英尺;呎"),
    "inch": Unit("inch", "inches", "英寸", "inches;inch", "英寸;吋"),
    "yard": Unit("yard", "yards", "码", "yards;yard", "码;碼"),
    "km/h": Unit("km/h", "km/h", "公里/小时",
        "km/h;kph;kmph;km per hour;km an hour;kmh;kilometers per hour;kilometres per hour;"
        "kilometers an hour;kilometres an hour", "公里/小时;公里每小时;千米每小时;km/h;公里/小時"),
    "mph": Unit("mph", "mph", "英里/小时", "mph;miles per hour;miles an hour",
        "英里/小时;英里每小时"),
    "km2": Unit("square km", "square km", "平方公里",
        "square kilometers;square kilometres;square km;sq km;km²;km2", "平方公里;平方千米"),
    "m2": Unit("square metre", "square metres", "平方米", "square meters;square metres;sq m;m²;m2",
        "平方米;平方公尺;平米"),
    "mi2": Unit("square mile", "square miles", "平方英里", "square miles;sq mi", "平方英里"),
    "m3": Unit("cubic metre", "cubic metres", "立方米", "cubic meters;cubic metres;m³;m3",
        "立方米;立方公尺"),
    "hectare": Unit("hectare", "hectares", "公顷", "hectares;hectare;ha", "公顷;公頃"),
    "acre": Unit("acre", "acres", "英亩", "acres;acre", "英亩;英畝"),
    "mu": Unit("mu", "mu", "亩", "mu", "亩;畝"),
    "t": Unit("tonne", "tonnes", "吨", "tonnes;tonne;tons;ton;metric tons", "吨;噸;公吨;公噸"),
    "kg": Unit("kg", "kg", "公斤", "kilograms;kilogram;kilos;kg;kgs", "公斤;千克;kg"),
    "g": Unit("gram", "grams", "克", "grams;gram;g", "克"),
    "mg": Unit("mg", "mg", "毫克", "milligrams;milligram;mg", "毫克;mg"),
    "lb": Unit("pound", "pounds", "磅", "lbs;lb", "磅"),
    "jin": Unit("jin", "jin", "斤", "jin;catties", "斤;市斤"),
    "ounce": Unit("ounce", "ounces", "盎司", "ounces;ounce;oz", "盎司;盎斯"),
    "carat": Unit("carat", "carats", "克拉", "carats;carat", "克拉"),
    "litre": Unit("litre", "litres", "升", "litres;liters;litre;liter", "升;公升"),
    "barrel": Unit("barrel", "barrels", "桶", "barrels;barrel", "桶"),
    "gallon": Unit("gallon", "gallons", "加仑", "gallons;gallon", "加仑;加侖"),
    "C": Unit("°C", "°C", "摄氏度", "°C;degrees Celsius;degree Celsius;degrees centigrade;℃",
        "°C;℃;摄氏度;攝氏度"),
    "F": Unit("°F", "°F", "华氏度", "°F;degrees Fahrenheit;℉", "°F;℉;华氏度;華氏度"),
    "degree": Unit("degree", "degrees", "度", "degrees;degree", "度;°"),
    "kWh": Unit("kWh", "kWh", "千瓦时", "kWh;kwh;KWh;KWH;kilowatt-hours;kilowatt hours",
        "千瓦时;千瓦時;kWh;度電;度电"),
    "MWh": Unit("MWh", "MWh", "MWh", "MWh;megawatt-hours;megawatt hours", "兆瓦时;兆瓦時;MWh"),
    "GWh": Unit("GWh", "GWh", "GWh", "GWh;gigawatt-hours;gigawatt hours", "吉瓦时;吉瓦時;GWh"),
    "TWh": Unit("TWh", "TWh", "TWh", "TWh;terawatt-hours;terawatt hours", "太瓦时;太瓦時;TWh"),
    "mmHg": Unit("mmHg", "mmHg", "mmHg", "mmHg;mm Hg", "毫米汞柱;mmHg"),
    "W": Unit("W", "W", "瓦", "watts;watt;W", "瓦;瓦特"),
    "kW": Unit("kW", "kW", "千瓦", "kilowatts;kilowatt;kW;kw;KW", "千瓦;kW"),
    "MW": Unit("MW", "MW", "兆瓦", "megawatts;megawatt;MW", "兆瓦;MW"),
    "GW": Unit("GW", "GW", "吉瓦", "gigawatts;gigawatt;GW", "吉瓦;GW"),
    "V": Unit("V", "V", "伏", "volts;volt;V", "伏;伏特"),
    "GHz": Unit("GHz", "GHz", "吉赫兹", "GHz;gigahertz", "GHz;吉赫"),
    "MHz": Unit("MHz", "MHz", "兆赫", "MHz;megahertz", "MHz;兆赫"),
    "MB": Unit("MB", "MB", "MB", "MB;megabytes", "MB;兆字节"),
    "GB": Unit("GB", "GB", "GB", "GB;gigabytes", "GB;吉字节"),
    "TB": Unit("TB", "TB", "TB", "TB;terabytes", "TB;太字节"),
    "nm": Unit("nm", "nm", "纳米", "nm;nanometers;nanometres;nanometer;nanometre",
        "纳米;納米;奈米"),
    "micron": Unit("micrometre", "micrometres", "微米", "µm;μm;micrometers;micrometres;microns",
        "微米"),
    "light-year": Unit("light-year", "light-years", "光年", "light-years;light-year;light years",
        "光年"),
    "bp": Unit("basis point", "basis points", "个基点", "basis points;basis point;bps",
        "个基点;個基點;基点;基點"),
    "seat": Unit("seat", "seats", "席", "seats", "席;议席;議席"),
    "vote": Unit("vote", "votes", "票", "votes", "票"),
    "share": Unit("share", "shares", "股", "shares", "股"),
    "vehicle": Unit("vehicle", "vehicles", "辆", "vehicles;cars", "辆;輛"),
}  # fmt: skip


def _spellings(*columns: str) -> list[str]:
    return [spelling for column in columns for spelling in column.split(";") if spelling]


UNIT_BY_SPELLING = {
    spelling.lower(): key
    for key, unit in UNITS.items()
    for spelling in _spellings(unit.english, unit.chinese)
}
_ZH = _spellings(*(unit.chinese for unit in UNITS.values()))
_LATIN_IN_ZH = [spelling for spelling in _ZH if spelling[-1].isascii()]
_HAN_IN_ZH = [spelling for spelling in _ZH if not spelling[-1].isascii()]
# 毫克/升, 立方米每秒 and "litres per second" are other units, which are not read.
_ALONE = rf"(?!(?<=[A-Za-z])[0-9]|[A-Za-z²³]|[/·^][A-Za-z{HAN}]|每[秒分小时天日年])"
UNIT_ZH = re.compile(
    rf" ?((?:{any_of(_HAN_IN_ZH)})(?<![高初大中小国國研][一二三四五六][学學]生)|"
    rf"(?:{any_of(_LATIN_IN_ZH)})){_ALONE}"
)
UNIT_EN = re.compile(
    rf"(?P<gap>[ -]?)(?P<unit>{any_of(_spellings(*(u.english for u in UNITS.values())))}){_ALONE}"
    r"(?! (?:per|an?) (?:second|minute|hour|day|week|month|year|person|head|square|litre)\b)"
)
# 千克 after 5 is a unit, not five thousand grams.
CHINESE_NUMERAL_UNIT = re.compile(f" ?(?:{any_of([s for s in _HAN_IN_ZH if s[0] in '千兆百'])})")
