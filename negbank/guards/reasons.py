"""Why a candidate is refused: each reason code, and what it means to a person."""

from __future__ import annotations

from typing import Final

from negbank.guards.decision import RULES

EMPTY: Final = "empty"
ANSWER_MEANS_NOTHING_ALONE: Final = "answer-means-nothing-alone"
EVALUATION_OVERLAP: Final = "evaluation-overlap"
NO_MEANING_ALONE: Final = "no-meaning-alone"
EQUALS_ANSWER: Final = "equals-answer"
AMBIGUOUS: Final = "ambiguous"
OTHER_TYPE: Final = "other-type"
PART_OF_ANSWER: Final = "part-of-answer"
PARAPHRASE: Final = "paraphrase"
IMPLAUSIBLE: Final = "implausible"
JUDGED_RIGHT: Final = "judged-right"
SAME_QUESTION: Final = "same-question"
SAME_TOPIC: Final = "same-topic"
OTHER_TOPIC: Final = "other-topic"
EVALUATION_NEAR_DUPLICATE: Final = "evaluation-near-duplicate"
DUPLICATE: Final = "duplicate"

SAME: Final = {"text": EQUALS_ANSWER} | {rule: f"same-{rule}" for rule in RULES if rule != "text"}
"""The reason for a refusal by each rule that finds the text to be a right answer."""

_SAME_MEANINGS: Final = {
    "yes-no": "the text says yes or no as a right answer does",
    "number": "the text is the number of a right answer, written another way",
    "unit": "the text is the quantity of a right answer, in another unit or form",
    "date": "the text is the date of a right answer, written another way",
    "alias": "the text is another name for a right answer",
    "containment": "the text is a right answer with words around it, or the part of one that answers",
    "negation": "the text says what a right answer says, by a double negation or an opposite",
    "symbol": "the text is a right answer in other symbols or characters",
    "maths": "the text is an expression equal to a right answer",
    "paraphrase": "the text says what a right answer says in other words",
}

REASONS: Final = {
    EMPTY: "the text is blank",
    ANSWER_MEANS_NOTHING_ALONE: "the question's right answer only points at its choices, so any of them may be right",
    EVALUATION_OVERLAP: "the question is in the evaluation set",
    NO_MEANING_ALONE: "the text only points at choices that do not go with it",
    EQUALS_ANSWER: "the text equals a right answer to this question",
    **{SAME[rule]: _SAME_MEANINGS[rule] for rule in RULES if rule != "text"},
    AMBIGUOUS: "the text can be read as a right answer",
    OTHER_TYPE: "the text is not the kind of thing that the question asks for",
    PART_OF_ANSWER: "nobody judged the text, and a right answer has a word of it, or all of them",
    PARAPHRASE: "the text is as close to the right answer as a paraphrase",
    SAME_QUESTION: "the text comes from a question that asks nearly the same",
    SAME_TOPIC: "nobody judged the text, and it answers a question on the same topic, so it may be right here too",
    OTHER_TOPIC: "nobody judged the text, and it answers a question on quite another topic",
    EVALUATION_NEAR_DUPLICATE: "the question is nearly one of the evaluation set",
    DUPLICATE: "the question has this negative already, in the same or a more plausible tier",
    JUDGED_RIGHT: "the judge takes the text for a right answer",
    IMPLAUSIBLE: "nobody called the text wrong for this question, and it is hardly an answer to it",
}
"""Each reason code, in the order in which the guards run, and what it means."""
