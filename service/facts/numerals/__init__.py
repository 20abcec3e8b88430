"""Figures and dates: found in English and Chinese text, compared, and written in either language.

143億美元, US$14.3 billion and 14,300 million dollars are one fact. `find_figures` gives it one
value, `render` writes it as the other language does.
"""

from service.facts.numerals.figure import Bound, Figure, Kind
from service.facts.numerals.find import find_figures
from service.facts.numerals.render import render
from service.facts.numerals.stated import Stated, digits_beside, is_one_currency, is_weighty

__all__ = [
    "Bound",
    "Figure",
    "Kind",
    "Stated",
    "digits_beside",
    "find_figures",
    "is_one_currency",
    "is_weighty",
    "render",
]
