"""Chemical formulae, ions, nuclides and reactions in one spelling: `Fe³⁺` and `Fe^{3+}`, `¹⁴C` and `C-14`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from negbank.text.symbols import symbol_form

ELEMENTS: Final = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb "
    "Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au "
    "Hg Tl "
    "Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"
).split()
"""The symbols of the 118 elements, by atomic number (IUPAC)."""

_ELEMENT: Final = "|".join(sorted(ELEMENTS, key=len, reverse=True))
_GROUP: Final = rf"(?:(?:{_ELEMENT})\d{{0,3}})"
_FORMULA: Final = re.compile(
    rf"(?:\d{{0,2}})(?:{_GROUP}|[(\[]{_GROUP}{{1,8}}[)\]]\d{{0,2}}|[-=≡·*](?=[A-Z(\d])\d?){{1,20}}"
    r"(?:\^?(?P<charge>\d?[-+]|[-+]\d?|\+{2,3}|-{2,3}))?(?:\((?:s|l|g|aq)\))?"
)
_NUCLIDE: Final = re.compile(
    rf"\^?(?P<mass>\d{{1,3}})(?P<symbol>{_ELEMENT})|(?P<after>{_ELEMENT})-(?P<number>\d{{1,3}})"
)
_SIDES: Final = re.compile(r"→|⇌|↔|⇒|=")


@lru_cache(maxsize=4_096)
def formula_form(text: str) -> str | None:
    """The one spelling of a chemical formula, ion, nuclide or reaction; None where `text` is none."""
    if not text or len(text) > 200:
        return None
    form = symbol_form(text)
    cross = re.fullmatch(r"([A-Za-z]{2,6})×([A-Za-z]{2,6})", form)
    if cross is not None:
        return "×".join(sorted(cross.groups()))
    arrow = _SIDES.search(form)
    if arrow is not None and "+" in form and len(form) > 4:
        sides = [_side(side) for side in _SIDES.split(form)]
        return "→".join(side for side in sides if side is not None) if all(sides) and len(sides) == 2 else None
    nuclide = _NUCLIDE.fullmatch(form)
    if nuclide is not None:
        mass = int(nuclide["mass"] or nuclide["number"])
        symbol = nuclide["symbol"] or nuclide["after"]
        if mass > ELEMENTS.index(symbol):
            return f"{symbol}-{mass}"
    return _species(form)


def _side(text: str) -> str | None:
    """One side of a reaction, its terms in alphabetical order."""
    terms = [_species(term.strip()) for term in re.split(r"\+(?!\+|$|\)|\^)", text)]
    return "+".join(sorted(term for term in terms if term is not None)) if all(terms) else None


def _species(form: str) -> str | None:
    form = re.sub(r"\^?\((\d?[-+]|[-+]\d?)\)$", r"^\1", form.replace(" ", ""))
    found = _FORMULA.fullmatch(form)
    if found is None or not re.search(r"[A-Z]", form):
        return None
    text = form.replace(" ", "").replace("*", "·")
    charge = found["charge"]
    if charge is None:
        return text
    amount = re.sub(r"\D", "", charge) or (str(len(charge)) if len(charge) > 1 else "")
    return (
        text[: found.start("charge")].rstrip("^") + f"^{'' if amount == '1' else amount}{charge.strip('0123456789')[0]}"
    )


def is_telling(text: str) -> bool:
    """Whether a formula form can be nothing but one: it has a digit, a charge, a bond, or several elements."""
    return re.search(r"[\d^=≡→×]|[A-Za-z]-[A-Z]", text) is not None
