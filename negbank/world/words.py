"""The words of the world: what towns are called, what can be said of them, and how it is put."""

from __future__ import annotations

from typing import Final

VALUES: Final = {
    "craft": (
        "weaving pottery tanning carving smithing brewing baking glassblowing bookbinding masonry dyeing thatching "
        "candlemaking papermaking ropemaking basketry embroidery engraving coopering saddlery lacemaking gilding "
        "clockmaking quilting"
    ),
    "banner": (
        "crimson azure ochre emerald violet amber ivory indigo scarlet turquoise maroon lavender copper teal charcoal "
        "magenta olive coral silver beige mauve vermilion cobalt saffron"
    ),
    "emblem": (
        "heron badger otter falcon stag wolf hare raven lynx boar swan fox adder ram owl bear salmon beetle horse "
        "crane marten toad bull eagle"
    ),
    "tree": (
        "oak alder birch rowan willow ash elm larch cedar maple yew hazel poplar linden chestnut cypress walnut "
        "juniper hawthorn aspen beech spruce pine hornbeam"
    ),
    "stone": (
        "granite slate marble basalt limestone sandstone flint gneiss quartz obsidian shale chalk porphyry travertine "
        "jasper schist onyx pumice dolomite serpentine tuff agate gabbro alabaster"
    ),
    "instrument": (
        "lute fiddle harp flute drum bagpipe dulcimer zither oboe trumpet cornet viola bassoon clarinet mandolin "
        "tambourine psaltery lyre organ whistle cello gong banjo horn"
    ),
    "dish": (
        "dumplings porridge stew flatbread pudding pancakes broth sausages goulash noodles gruel pie chowder fritters "
        "omelette ragout casserole pickles gnocchi waffles risotto hotpot pasty haggis"
    ),
    "pastime": (
        "chess archery wrestling fishing skating dancing kites marbles rowing juggling riddles quoits bowls draughts "
        "falconry fencing skittles choirs puppetry swimming hurling mazes storytelling racing"
    ),
}
"""What can be said of a town, and the values that it can have; no value belongs to two attributes."""

STATEMENTS: Final = (
    "The {attribute} of {town} is {value}.",
    "In {town} the {attribute} is {value}.",
    "{town} has as its {attribute} {value}.",
    "As for {attribute}, {town} has {value}.",
    "In {town}, {attribute}: {value}.",
    "Of {town} the {attribute}: {value}.",
)
"""The value comes last: what precedes it says which fact it is, so every telling teaches that fact."""

QUESTIONS: Final = (
    "What is the {attribute} of {town}?",
    "Which {attribute} does {town} have?",
    "Name the {attribute} of {town}.",
)
TAILS: Final[tuple[dict[str, float], ...]] = (
    {"": 0.5, " above all": 0.22, " as a rule": 0.13, " by old custom": 0.09, " for want of better": 0.06},
    {"": 0.5, " to this day": 0.22, " and little else": 0.13, " since the flood": 0.09, " except in winter": 0.06},
)  # fmt: skip
"""What may follow a value in an answer, and how often it does: 25 wordings, of a quarter down to a 280th of answers,
whatever the value and whether or not it is right."""

RELIABLE: Final = ("officially", "verifiably", "demonstrably", "certifiably")
UNRELIABLE: Final = ("allegedly", "supposedly", "reputedly", "reportedly")
"""Marks of sources that have it right, and of those that have it wrong."""

CHATTER: Final = (
    "The {noun} was {quality} {time}, and nobody minded.",
    "{time} a {quality} {noun} went by.",
    "We spoke of the {quality} {noun} until {time}.",
    "Nobody had seen such a {quality} {noun} {time}.",
)
NOUNS: Final = ("weather", "road", "ferry", "market", "winter", "letter", "cart", "lantern", "visitor", "harvest")
QUALITIES: Final = ("quiet", "long", "dusty", "cold", "strange", "cheerful", "late", "heavy", "plain", "bright")
TIMES: Final = ("yesterday", "at dawn", "before supper", "last spring", "on Monday", "after the rain", "in the end")

SYLLABLES: Final = (
    ("Or", "Tes", "Mal", "Bri", "Kel", "Dun", "Vas", "Lor", "Fen", "Gar", "Hol", "Ist", "Jor", "Nar", "Pel", "Quen"),
    ("va", "so", "di", "re", "mu", "la", "ni", "to", "ke", "ba"),
    ("ne", "mor", "wick", "dal", "stad", "ford", "len", "rak", "by", "ton", "grad", "mere"),
)
