"""Figures and dates: found in English and Chinese text, compared, and written in either language.

143億美元, US$14.3 billion and 14,300 million dollars are one fact. `find_figures` gives it one
value, `render` writes it as the other language does.
"""

from service.numerals.compare import Atom, atoms, is_weighty, same, supported
from service.numerals.figure import Bound, Figure, Kind
from service.numerals.find import find_figures
from service.numerals.render import render

__all__ = [
    "Atom",
    "Bound",
    "Figure",
    "Kind",
    "atoms",
    "find_figures",
    "is_weighty",
    "render",
    "same",
    "supported",
]
