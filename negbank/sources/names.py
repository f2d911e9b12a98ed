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
    "sentence", "startphrase", "instruction", "input", "inputs", "utterance", "anchor", "conversations",
    "conversation", "sent1",
)  # fmt: skip
CONTEXT: Final = (
    "context", "passage", "article", "knowledge", "support", "paragraph", "body", "story", "background", "document",
    "dialogue", "dialog", "premise",
)  # fmt: skip
CHOICES: Final = (
    "choices", "options", "endings", "candidates", "answerchoices", "answeroptions", "alternatives", "mc1targets",
    "mc2targets", "multiplechoice", "choice", "multiplechoicetargets", "targetscores",
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
    "correctchoice", "correctletter", "correctanswerindex", "correctansweridx", "correctanswerkey", "correctans",
    "cop", "goldanswer", "groundtruth", "groundtruthanswer", "referenceanswer", "expectedanswer", "gold", "goldindex",
    "goldidx", "key", "ideal", "canonicalsolution", "chosen", "chosenresponse", "preferred", "positive", "pos",
    "solution", "target", "expected", "targets", "multiplechoicescores", "answeraliases", "output", "labelidx",
    "label",
)  # fmt: skip
_RIGHT_LIKE: Final = re.compile(
    r"(?:the|gold|true)?(?:correct|right)(?:answers?|ans|options?|choices?|response|solution)?"
    r"(?:id|idx|index|key|letter|num|number|no|position|text)?|(?:gold|true|answers?)(?:id|idx|index|key|letter|label)"
)
POINTERS: Final = ("id", "idx", "index", "key", "letter", "num", "number", "position", "option", "choice")
"""Ends of names whose values point at an answer, and are none by themselves."""
PLURAL: Final = ("correctanswers", "rightanswers", "answers", "possibleanswers", "answeraliases")
"""Those of them for all right answers, beside a column with one."""
CLEARLY_RIGHT: Final = frozenset(
    ("rightanswer", "correctanswer", "bestanswer", "correctanswers", "rightanswers", "goldanswer", "groundtruth",
     "canonicalsolution", "chosen", "positive")
)  # fmt: skip
"""Names that nobody gives to wrong answers."""

CLASS_NAMES: Final = (
    "label", "correct", "target", "targets", "class", "key", "gold", "goldlabel", "truelabel", "output",
)  # fmt: skip
"""Names that as often hold a class or a verdict; without choices to point into these need more proof."""

WRONG: Final = (
    "negative", "negatives", "neg", "wronganswer", "wronganswers", "wrong", "incorrect", "incorrectanswer",
    "incorrectanswers", "rejected", "hallucinatedanswer", "distractor", "distractors", "hardnegative", "hardnegatives",
    "badanswer", "falseanswer", "bestincorrectanswer", "wrongchoices", "incorrectchoices",
    "buggysolution", "rejectedresponse", "dispreferred", "nonpreferred",
)  # fmt: skip
WRONG_FAMILY: Final = (
    "distractor", "incorrectanswer", "incorrect", "wronganswer", "wrong", "negative", "neg", "hardnegative", "rejected",
    "falseanswer",
)  # fmt: skip
"""Stems of columns that hold one wrong answer each: `distractor1`, `Incorrect Answer 2`, `negative_3`."""

ID: Final = ("questionid", "id", "ind", "qid", "uid", "exampleid", "taskid", "idx", "pid")
SUBJECT: Final = ("subject", "category", "topic", "activitylabel")
VERDICT: Final = (
    "iscorrect", "isright", "istrue", "correct", "right", "verdict", "correctness", "answeriscorrect", "answercorrect",
    "hallucination", "ishallucination", "hallucinated", "ishallucinated", "iswrong", "isincorrect", "isfalse",
    "iserror", "haserror", "thumbs", "thumb", "thumbsup", "thumbsdown", "feedback", "userfeedback", "vote", "rating",
    "label", "labels", "relevance", "relevant", "judgement", "judgment", "grade", "evaluation", "passed", "accepted",
    "isaccepted", "valid", "isvalid", "status", "flag", "flagged", "score", "reward",
)  # fmt: skip
"""Columns that may say of the row's own answer whether it is right."""

RATINGS: Final = (
    "score", "rating", "grade", "reward", "correctness", "quality", "helpfulness", "votes", "upvotes", "overallscore",
)  # fmt: skip
"""Columns whose numbers may say how good the row's own answer is."""

SAYS_WRONG: Final = frozenset(
    ("hallucination", "ishallucination", "hallucinated", "ishallucinated", "iswrong", "isincorrect", "isfalse",
     "iserror", "haserror", "thumbsdown", "flag", "flagged")
)  # fmt: skip
"""Those of them in which yes means wrong."""

CLEAR_VERDICT: Final = frozenset(
    ("iscorrect", "isright", "istrue", "correct", "right", "answeriscorrect", "answercorrect", "hallucination",
     "ishallucination", "hallucinated", "ishallucinated", "iswrong", "isincorrect", "isfalse", "thumbsup", "thumbsdown")
)  # fmt: skip
"""Those of them that can mean nothing else, if they hold yes and no."""

RESPONSE: Final = (
    "response", "modelanswer", "modelresponse", "modeloutput", "prediction", "pred", "predicted", "predictedanswer",
    "generated", "generatedanswer", "completion", "candidateanswer", "useranswer", "studentanswer", "submittedanswer",
    "givenanswer", "botanswer", "assistant", "output",
)  # fmt: skip
"""Columns with what was answered, right or wrong: only a verdict says which."""

STEPS: Final = ("steps", "completions", "chain", "chains", "reasoningsteps")
STEP_MARKS: Final = (
    "label", "labels", "mistakeindex", "firsterrorstep", "firsterror", "finalanswercorrect", "errorstep", "ratings",
)  # fmt: skip


def plain_name(name: object) -> str:
    """A name in lower case, without `_`, `-`, spaces and what else is no letter or digit."""
    text = str(name)
    return text if text.isalnum() and text.islower() else re.sub(r"[\W_]+", "", text.lower())


def is_right_name(plain: str) -> bool:
    """Whether a plain name says `right answer` in some way: `correctoptionid`, `goldindex`."""
    return plain in RIGHT or _RIGHT_LIKE.fullmatch(plain) is not None


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
