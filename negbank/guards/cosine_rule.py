"""Which answers are long enough for an embedding to compare, and from which cosine on they are taken to say the same.

This is for candidates that nobody has called wrong: what `--expand` proposes, a pool, a pasted list. Some of them are
right answers. A good negative lost costs one row, and the next candidate takes its place; a right answer kept teaches
the opposite of the truth. So the guard refuses in doubt. A wrong choice beside a marked key has been judged by a
person, and a cosine knows less than that person: don't ask it.

Measured with all-MiniLM-L6-v2 (`benchmarks/cosine_rule.py`, `benchmarks/results/cosine-rule.json`):

- Long answers are rare in question answering: the rule may compare 3 of the 480 shared pairs, 27 of HaluEval's 500,
  and 3,442 of TruthfulQA's 5,846.
- A cosine tells the topic of an answer, not its truth. 42% of TruthfulQA's pairs are right answers, and of those
  refused 34 to 52% are, whatever the threshold. No threshold makes it a judge of answers written for the question.
- What a threshold does decide is how many right answers slip through, and how many candidates from other questions
  are lost for it (the three nearest right answers of other questions):

  ========  ==================  =================================  ======================  ===============
  quantile  cosine, TruthfulQA  right answers refused, TruthfulQA  lost, TruthfulQA's own  lost, ARC's own
  ========  ==================  =================================  ======================  ===============
  0.998     .504                97%                                31%                     45%
  0.999     .584                93%                                18%                     25%
  0.9995    .680                83%                                11%                     13%
  0.9999    .833                48%                                2%                      3%
  ========  ==================  =================================  ======================  ===============

The threshold is a quantile of the cosines of unrelated answers, found by `margins.calibrate` on the source and the
encoder at hand, because a cosine doesn't carry over: 0.999 is .584 on TruthfulQA, .600 on ARC, and .875 and .818 with
the same encoder cut after its third layer. There the quantile costs much the same (19% and 36%), but a weak encoder
finds fewer right answers at that price (53%).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from negbank.guards.margins import Margin, calibrate
from negbank.records import TextVectors

MIN_CONTENT_WORDS: Final = 4

QUANTILE: Final = 0.999
"""Share of unrelated pairs below the threshold. Lower than `margins.QUANTILE`: refusing in doubt is cheap here."""

_WORD: Final = re.compile(r"[0-9]+(?:[.,:/][0-9]+)+|(?:[^\W\d_]\.){2,}|[^\W_]+(?:['’][^\W_]+)*")

_STOP_WORDS: Final = frozenset(
    """
    a an the this that these those there here it its itself
    i me my mine we us our ours you your yours he him his she her hers they them their theirs one ones who whom whose
    which what when where why how
    and or but nor so yet if then than because since while although though whether as
    of in on at by for with without from to into onto upon over under out off up down about around across along after
    before between among during through throughout against toward towards within per via
    am is are was were be been being do does did done doing have has had having can could may might must shall should
    will would get gets got
    no not never none nothing neither only just also too very more most much many some any all both each every other
    another such own same
    isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't can't cannot couldn't won't wouldn't
    shouldn't it's that's there's
    """.split()
)


def content_words(text: str) -> set[str]:
    """The distinct words and numbers of `text` that aren't function words, in lower case."""
    words = {word.replace("’", "'") for word in _WORD.findall(text.casefold())}
    return words - _STOP_WORDS


def cosine_judges(answer: str, candidate: str) -> bool:
    """Whether a cosine may decide about this pair: both have at least four content words."""
    return all(len(content_words(text)) >= MIN_CONTENT_WORDS for text in (answer, candidate))


def calibrate_answers(answers: Sequence[str], vectors: TextVectors, seed: int = 0) -> Margin:
    """The cosine from which a pair that `cosine_judges` lets through is taken to say the same.

    Give one right answer a question: two of one question say the same, and would raise the margin (TruthfulQA: from
    .584 to .678). Raises GuardError for fewer than 142 distinct answers; then give those of another source.
    """
    return calibrate(answers, vectors, QUANTILE, seed)
