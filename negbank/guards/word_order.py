"""Whether two texts of the same words say them in an order that means the same: `snake eats frog`, `frog eats snake`.

An item is a stem, or `<word` for a word that relates (`<than`, `<from`). Passives, "A and B", datives and moved
adverbs keep the meaning; an exchange of two parts round a verb or a relation does not.
"""

from __future__ import annotations

from typing import Final, Literal

Order = Literal["same", "harmless", "swapped", "unclear"]
Items = tuple[str, ...]

MAX_ITEMS: Final = 40
_LISTING: Final = frozenset({"<and", "<or"})
_CHANGES: Final = frozenset("increas decreas rise fall grow shrink drop change ¬change".split())
"""Stems that may stand before or after what changes: "increase in length", "its length grows"."""
_DATIVE: Final = frozenset("give send show tell teach offer lend sell pass hand bring buy pay throw write".split())


def order_of(
    one: Items, other: Items, loose: frozenset[str], moved_freely: frozenset[str], relative: bool = False
) -> Order:
    """How `other`, of the same stems as `one`, is ordered beside it.

    `loose` items (relations that wordings differ in) are left out of a first comparison; `moved_freely` are adverbs.
    With `relative`, one of the texts has a relative clause, which may take one word with it ("moving ice", "ice that
    moves").
    """
    if one == other or _without(one, loose) == _without(other, loose):
        return "same"
    if max(len(one), len(other)) > MAX_ITEMS:
        return "unclear"
    for first, second in ((one, other), (other, one)):
        active = _active(second) if "<by" in second and "<by" not in first else None
        if active is not None:
            found = order_of(first, active, loose, moved_freely, relative)
            return found if found in ("same", "harmless") else "swapped"
    if (
        _chunks_alike(one, other)
        or _dative(one, other)
        or not _genitives(one, loose).isdisjoint(_genitives(other, loose))
    ):
        return "harmless"
    bare, moved = _without(one, loose - _LISTING), _without(other, loose - _LISTING)
    if moved_freely:
        still, turned = _without(bare, moved_freely), _without(moved, moved_freely)
        if still == turned:
            return "harmless"
        if relative and any(_without(still, {item}) == _without(turned, {item}) for item in set(still)):
            return "harmless"
        if len(still) < len(bare):
            return "unclear"
    for item in _CHANGES & set(bare):
        if _without(bare, {item}) == _without(moved, {item}):
            return "harmless"
    found = _exchange(one, other)
    return _exchange(bare, moved) if found == "unclear" else found


def passive(items: list[str], verb_at: int) -> None:
    """Mark the verb at `verb_at` of a passive in place; `order_of` turns it into the active."""
    items[verb_at] = "!" + items[verb_at]


def _active(items: Items) -> Items | None:
    """`frog !eat <by snake` as `snake eat frog`; None where no verb is marked as passive."""
    verb = next((place for place, item in enumerate(items) if item.startswith("!")), None)
    if verb is None or "<by" not in items[verb:]:
        return None
    by = items.index("<by", verb)
    end = next((place for place in range(by + 1, len(items)) if items[place].startswith("<")), len(items))
    return (*items[by + 1 : end], items[verb][1:], *items[:verb], *items[verb + 1 : by], *items[end:])


def _chunks_alike(one: Items, other: Items) -> bool:
    """Whether both are the same phrases, each with its own relation, in another order."""
    first, second = _chunks(one), _chunks(other)
    relations = [chunk[0] for chunk in first]
    return len(set(relations)) == len(relations) and sorted(first) == sorted(second)


def _chunks(items: Items) -> list[Items]:
    chunks: list[list[str]] = [["<"]]
    for item in items:
        if item.startswith("<"):
            chunks.append([item])
        else:
            chunks[-1].append(item)
    return [tuple(chunk) for chunk in chunks if len(chunk) > 1]


def _genitives(items: Items, loose: frozenset[str]) -> set[Items]:
    """`items`, and with `tilt <of axis` said as `axis tilt`."""
    found = {_without(items, loose)} if "<of" not in items else set()
    for place, item in enumerate(items):
        if item == "<of" and place:
            for end in range(place + 2, min(place + 5, len(items) + 1)):
                turned = (*items[: place - 1], *items[place + 1 : end], items[place - 1], *items[end:])
                found.add(_without(turned, loose))
    return found


def _dative(one: Items, other: Items) -> bool:
    """Whether one says `give girl book` and the other `give book <to girl`."""
    if ("<to" in one) == ("<to" in other):
        return False
    said, short = (one, other) if "<to" in one else (other, one)
    at = said.index("<to")
    verb = next((place for place, item in enumerate(said[:at]) if item in _DATIVE), None)
    if verb is None:
        return False
    return (*said[: verb + 1], *said[at + 1 :], *said[verb + 1 : at]) == short


def _exchange(one: Items, other: Items) -> Order:
    """Whether `other` is `one` with two parts exchanged, and whether only `and` or `or` stands between them."""
    if len(one) != len(other):
        return "unclear"
    start = 0
    while start < len(one) and one[start] == other[start]:
        start += 1
    end = len(one)
    while end > start and one[end - 1] == other[end - 1]:
        end -= 1
    a, c = one[start:end], other[start:end]
    for left in range(1, len(a)):
        for right in range(1, len(a) - left + 1):
            middle = a[left : len(a) - right]
            if c == (*a[len(a) - right :], *middle, *a[:left]):
                if not middle:
                    continue
                return "harmless" if all(item in _LISTING for item in middle) else "swapped"
    return "unclear"


def _without(items: Items, left_out: frozenset[str] | set[str]) -> Items:
    return tuple(item for item in items if item not in left_out)
