"""Names that columns go by, and what each is then tried for. A name is no proof: the values decide.

Names are compared without regard to case, `_`, `-` and spaces: `Correct Answer`, `correct_answer`, `correctAnswer`.
Where several are there the first of the list is tried first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

QUESTION: Final = (
    "question", "questionstem", "questiontext", "qtext", "query", "prompt", "problem", "ctx", "goal", "stem",
    "sentence", "startphrase", "instruction", "input", "anchor",
)  # fmt: skip
CONTEXT: Final = (
    "context", "passage", "article", "knowledge", "support", "paragraph", "body", "story", "background", "document",
    "dialogue", "dialog", "premise",
)  # fmt: skip
CHOICES: Final = (
    "choices", "options", "endings", "candidates", "answerchoices", "answeroptions", "alternatives", "mc1targets",
    "mc2targets", "multiplechoice", "choice",
)  # fmt: skip
FAMILY: Final = (
    "option",
    "options",
    "opt",
    "op",
    "choice",
    "ending",
    "answer",
    "ans",
    "sol",
    "alternative",
    "candidate",
    "qop",
)
"""Stems of columns that hold one choice each: `option_a`, `op1`, `sol2`, `ending0`, `answerA`."""

RIGHT: Final = (
    "answer", "rightanswer", "correctanswer", "bestanswer", "answerkey", "answeridx", "answerindex", "answerid",
    "answernum", "answerletter", "answeroption", "answers", "correctanswers", "rightanswers", "answersspans",
    "possibleanswers", "answertext", "ans", "qans", "ra", "correct", "correctoption", "correctindex", "correctidx",
    "correctchoice", "correctletter", "correctanswerindex", "correctansweridx", "correctanswerkey", "correctans", "cop",
    "goldanswer", "groundtruth", "groundtruthanswer", "referenceanswer", "expectedanswer", "gold", "goldindex",
    "goldidx", "key", "ideal", "canonicalsolution", "chosen", "positive", "pos", "solution", "target", "expected",
    "output", "labelidx", "label",
)  # fmt: skip
PLURAL: Final = ("correctanswers", "rightanswers", "answers", "possibleanswers")
"""Those of them for all right answers, beside a column with one."""
CLEARLY_RIGHT: Final = frozenset(
    ("rightanswer", "correctanswer", "bestanswer", "correctanswers", "rightanswers", "goldanswer", "groundtruth",
     "canonicalsolution", "chosen", "positive")
)  # fmt: skip
"""Names that nobody gives to wrong answers."""

CLASS_NAMES: Final = ("label", "correct", "target", "class", "key", "gold", "output")
"""Names that as often hold a class or a verdict; without choices to point into these need more proof."""

WRONG: Final = (
    "negative", "negatives", "neg", "wronganswer", "wronganswers", "wrong", "incorrect", "incorrectanswer",
    "incorrectanswers", "rejected", "hallucinatedanswer", "distractor", "distractors", "hardnegative", "hardnegatives",
    "badanswer", "falseanswer", "bestincorrectanswer", "wrongchoices", "incorrectchoices",
    "buggysolution",
)  # fmt: skip
WRONG_FAMILY: Final = (
    "distractor", "incorrectanswer", "incorrect", "wronganswer", "wrong", "negative", "neg", "hardnegative", "rejected",
    "falseanswer",
)  # fmt: skip
"""Stems of columns that hold one wrong answer each: `distractor1`, `Incorrect Answer 2`, `negative_3`."""

ID: Final = ("questionid", "id", "ind", "qid", "uid", "exampleid", "taskid", "idx", "pid")
SUBJECT: Final = ("subject", "category", "topic", "activitylabel")
VERDICT: Final = (
    "label", "correct", "iscorrect", "right", "isright", "istrue", "relevance", "relevant", "verdict", "hallucination",
)  # fmt: skip
"""Columns that may say of the row's own answer whether it is right."""

CLEAR_VERDICT: Final = frozenset(("iscorrect", "isright", "istrue", "correct", "right"))
"""Those of them that can mean nothing else."""

STEPS: Final = ("steps", "completions", "chain", "chains", "reasoningsteps")
STEP_MARKS: Final = (
    "label", "labels", "mistakeindex", "firsterrorstep", "firsterror", "finalanswercorrect", "errorstep", "ratings",
)  # fmt: skip


def plain_name(name: object) -> str:
    """A name in lower case, without `_`, `-`, spaces and what else is no letter or digit."""
    text = str(name)
    return text if text.isalnum() and text.islower() else re.sub(r"[\W_]+", "", text.lower())


def family(names: Iterable[str], stems: Iterable[str], least: int = 2) -> tuple[str, ...]:
    """The columns that hold one choice each, in order: `A`..`D`, `option_a`.., `sol1`, `sol2`; () where there are none.

    Numbers begin at 0 or 1, letters at A, and none is left out.
    """
    wanted = tuple(stems)
    runs: dict[tuple[str, bool], dict[str, str]] = {}
    for name in names:
        match = re.fullmatch(r"([a-z]*?)(\d{1,2}|[a-z])", plain_name(name))
        if match and (match.group(1) in wanted or (not match.group(1) and "" in wanted and match.group(2).isalpha())):
            runs.setdefault((match.group(1), match.group(2).isdigit()), {})[match.group(2)] = name
    best: tuple[str, ...] = ()
    for (_, numbered), run in runs.items():
        found = _run(run, numbered)
        if len(found) >= least and len(found) > len(best):
            best = found
    return best


def _run(run: dict[str, str], numbered: bool) -> tuple[str, ...]:
    """The names of one stem in order, as far as no number or letter is left out."""
    if numbered:
        places = {int(suffix): name for suffix, name in run.items()}
        start = 0 if 0 in places else 1
    else:
        places, start = {ord(suffix) - ord("a"): name for suffix, name in run.items()}, 0
    found = []
    while start in places:
        found.append(places[start])
        start += 1
    return tuple(found)
