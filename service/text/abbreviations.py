"""Abbreviations, and whether a point behind one may end a sentence.

A form in lower case stands for any case; one with a capital for itself alone, because it is also a
word: Wash., Ill. Facts of many languages are in one table, since a text quotes others than its own.
"""

import re

# A name or more of the sentence follows, so that the point never ends it.
_NEVER_LAST = frozenset(
    # Titles and ranks
    "mr mrs ms mx dr prof st ste gen col lt lieut sgt capt maj cpl pvt pte spc cmdr comdr cmdt adm"
    " brig insp supt det amb atty asst assoc rep reps sen sens gov govs hon rev revs ven pres vp"
    " messrs mmes msgr mgr mons fr br ald cllr cdr mt ft hr frl dipl ing mag sra srta srs dra lic"
    " arq dña exmo sig dott avv dhr mevr drs ks św mec проф акад им тов ул"
    # Small words
    " vs eg ie e.g i.e viz cf approx dept univ p.s n.b z.b d.h u.a bzw vgl evtl ggf inkl zzgl ca"
    " p.ex env bijv bv o.a d.w.z np tzn tj m.in т.е см напр aprox núm pág".split()
)
_BEFORE_NUMBER = frozenset(
    "no nos nr nrs num vol vols fig figs p pp pgs art arts sec secs ch chap para paras pt ex ext"
    " tel rs abs abb bd kap str стр рис"
    " jan feb mar apr jun jul aug sep sept oct nov dec okt dez janv févr avr juil déc ene abr ago"
    " dic".split()
)
# These stand inside a sentence as often as at its end; then the next word decides.
_EITHER = frozenset(
    "inc ltd llc llp co cos corp corps plc jr sr etc al bros est assn intl mfg natl ave blvd hwy"
    " rd sq bldg esq ret dist div u.s u.k u.n e.u d.c a.m p.m ph.d b.c a.d usw ecc enz itd itp"
    " mio mrd std jh av cie núms págs tys гг тыс млн млрд руб др пр"
    " Ala Ariz Ark Calif Colo Conn Del Fla Ga Ill Ind Kan Kans Ky La Mass Md Mich Minn Miss Mo"
    " Mont Neb Nebr Nev Okla Ore Pa Penn Tenn Tex Va Vt Wash Wis Wisc Wyo Ont Que Alta Sask Man"
    " Cal Sec Treas Comm Cong Dem Rept".split()
)
COMPANIES = frozenset("inc ltd llc corp co plc".split())
# Names that are written with a mark of their own: Yahoo! Inc., the Jeopardy! theme.
EXCLAIMED = frozenset("yahoo jeopardy yum joomla airplane oklahoma wham jeb".split())

_DOTTED = re.compile(r"[^\W\d_]{1,3}(?:\.-?[^\W\d_]{1,3})+")
"""Initials and the like: J.P, Ph.D, z.B, J.-C, S.p.A."""
_WITHOUT_VOWEL = re.compile("[B-DF-HJ-NP-TV-XZb-df-hj-np-tv-xz][b-df-hj-np-tv-xz]{1,4}")
"""Hardly a word: Bldg, Pvt, hrs. TV and NBC have capitals throughout."""

_STARTERS = frozenset(
    "the a an in it its he she they we you i but and this that these those on at as for if when"
    " while however there his her their our what who how why after before since so yet also one"
    " most some many no not by with from under last next both each all any such then now here"
    " although though because during despite meanwhile according did do does is are was were will"
    " would can could has have had may"
    " der die das er sie es wir ich im am ein eine diese dieser dieses doch aber nach"
    " il elle ils elles nous vous cette ces dans mais après celui pero este esta ella según"
    " он она они это но в на".split()
)


def ends_sentence(word: str, following: str) -> bool:
    """Whether a point behind `word` ends a sentence where the word `following` could open one.

    `word` may hold points itself (U.S). Without a certain sign a sentence goes on: two that were
    joined read well, and a half of one does not.
    """
    small = word.lower()
    if small in _NEVER_LAST:
        return False
    if small in _BEFORE_NUMBER and following[:1].isdigit():
        return False
    return starts_sentence(following) or not _is_uncertain(word)


def _is_uncertain(word: str) -> bool:
    """Whether a point behind `word` ends a sentence as often as not."""
    if word in _EITHER or word.lower() in _EITHER or (len(word) == 1 and word.isupper()):
        return True
    return bool(_DOTTED.fullmatch(word) or _WITHOUT_VOWEL.fullmatch(word))


def starts_sentence(word: str) -> bool:
    """Whether `word` opens sentences and no names: The, However, Cette."""
    return word.lower() in _STARTERS
