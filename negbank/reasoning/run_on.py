"""Where a chain runs on to a second question, as base models do, and is cut."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from negbank.reasoning.marks import find_marks

MAX_BEFORE: Final = 4_000
MAX_HEADERS: Final = 40
"""Characters before a header that an answer is looked for in, and headers that are looked at."""

_HEADER: Final = re.compile(
    r"^[ \t>*_#\[(]{0,12}(?:(?:new|next|another|second|following|test)[ \t]+)?(?:question|problem|exercise|"
    r"example|task|human|user|"
    r"instructions?|input|prompt|q|query|context|aufgabe|frage|pregunta|problema|domanda|pergunta|exercice|вопрос|"
    r"задача|"
    r"问题|题目|問題|質問|질문|문제|प्रश्न|सवाल|سؤال|السؤال)[ \t]*(?:no\.?[ \t]*)?(?:#?\d+)?[ \t]*[)\]*_]{0,3}[ \t]*"
    r"(?:[:：.]|\n|$)",
    re.MULTILINE | re.IGNORECASE,
)
_STOP: Final = re.compile(
    r"<\|(?:endoftext|im_end|im_start|eot_id|end_of_text|end|user|system|assistant|eom_id)[^|>]{0,20}\|>|</s>|"
    r"<eos>|\[/?INST\]|"
    r"<end_of_turn>|<start_of_turn>|\[END\]",
    re.IGNORECASE,
)


def cut_run_on(chain: str) -> tuple[str, bool]:
    """`chain` before a second question that it runs on to, and whether it is in doubt that there is one.

    A header such as `Question:` after a marked answer begins one. Where no answer is marked before it, the header may
    also be the chain's own, and nothing is cut.
    """
    stop = _STOP.search(chain)
    while stop is not None and not chain[: stop.start()].strip():
        stop = _STOP.search(chain, stop.end())
    if stop is not None:
        chain = chain[: stop.start()]
    doubt = False
    for header in islice(_HEADER.finditer(chain), MAX_HEADERS):
        before = chain[: header.start()]
        if not before.strip():
            continue
        if any(not mark.negated for mark in find_marks(before[-MAX_BEFORE:])):
            return before, False
        doubt = doubt or re.search(r"\d", before) is not None
    return chain, doubt
