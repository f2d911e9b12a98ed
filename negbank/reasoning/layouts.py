"""One reader a layout: a record of a file -> its chains.

::

    models          {question, ground_truth, <model>: {is_correct, solution}, ...}   GSM8K's four models
    processbench    {generator, problem, steps, final_answer_correct, label}         label -1, or the first wrong step
    prm800k         {question: {problem, ground_truth_answer, ...}, label: {steps: [{completions: [{text, rating}]}]}}
    math-shepherd   {input: "... Step 1: ... ки", label: "... Step 1: ... +"}        a + or - where a step ends
    bigbench-mistake {input, target, answer, steps, mistake_index}                   null, or the first wrong step
    stepwise        {prompt, completions: [...], labels: [true, false]}              TRL's columns
    messages        {messages: [{role, content}, ...]}                               the last answer of the assistant
    chains          {question, chain | chains | steps, gold?, correct?, model?}      and the usual other names of these,
                    and an object `provenance`, which is kept with each chain
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from negbank.decoding import WrittenNumber, kind_of, preview
from negbank.reasoning.chains import Trajectory

Record = Mapping[str, Any]
Reader = Callable[[Record], Iterator[Trajectory]]

QUESTION: Final = ("question", "problem", "prompt", "query", "instruction", "input")
CHAIN: Final = ("chain", "solution", "response", "completion", "generation", "output", "reasoning", "rationale")
CHAINS: Final = ("chains", "solutions", "responses", "completions", "generations", "outputs", "samples")
GOLD: Final = ("gold", "gold_answer", "ground_truth", "reference", "target", "expected", "answer", "final_answer")
CLAIM: Final = ("correct", "is_correct", "final_answer_correct", "label", "score", "reward")
SCORES: Final = ("score", "reward")
"""Of these only 0 and 1 say whether an answer is right: what else a file may score, nobody knows."""
MODEL: Final = ("model", "generator", "model_name")
SHEPHERD_MARK: Final = "ки"


class LayoutError(ValueError):
    """A record lacks a key of its layout, or holds something else in it."""


def find_layout(record: Record) -> str:
    """The layout that the keys of a record fit. Raises LayoutError, with what is looked for, where none does."""
    if isinstance(record.get("question"), dict) and isinstance(record.get("label"), dict):
        return "prm800k"
    if "ground_truth" in record and any(_is_model(value) for value in record.values()):
        return "models"
    if "problem" in record and "steps" in record and "final_answer_correct" in record:
        return "processbench"
    if SHEPHERD_MARK in str(record.get("input", "")) and "label" in record:
        return "math-shepherd"
    if "mistake_index" in record and "input" in record and "steps" in record:
        return "bigbench-mistake"
    if "prompt" in record and "completions" in record and "labels" in record:
        return "stepwise"
    if "messages" in record or "conversations" in record:
        return "messages"
    if any(name in record for name in QUESTION) and any(name in record for name in (*CHAIN, *CHAINS, "steps")):
        return "chains"
    raise LayoutError(
        f"no layout of chains is known with the keys {', '.join(list(record)[:12])}; "
        "the plainest is {question, chain, gold}, or {question, steps, gold}"
    )


def _text(record: Record, *names: str) -> str:
    """The text under the first of `names` that the record has."""
    name = _name(record, names)
    if name is None:
        raise LayoutError(f"no {' or '.join(repr(name) for name in names[:4])}")
    value = record[name]
    if not isinstance(value, str):
        raise LayoutError(f"{name!r} is {_kind(value)}, where a text is expected")
    return value


def _name(record: Record, names: Sequence[str]) -> str | None:
    return next((name for name in names if record.get(name) is not None), None)


def _optional(record: Record, names: Sequence[str]) -> str | None:
    """A text, or a number as it is written."""
    name = _name(record, names)
    value = None if name is None else record[name]
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise LayoutError(f"{name!r} is {_kind(value)}, where a text or a number is expected")
    if isinstance(value, WrittenNumber):
        return value.text
    return None if value is None else str(value)


def _flag(value: object, name: str) -> bool | None:
    """True, False or None; 0 and 1 stand for them in some files."""
    if value is None or isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    raise LayoutError(f"{name!r} is {_kind(value)}, where true or false is expected")


def _texts(value: object, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise LayoutError(f"{name!r} is {_kind(value)}, where a list of texts is expected")
    return tuple(value)


def _kind(value: object) -> str:
    """A value and what it is, for an error: `a number (8)`; null, true and false say that themselves."""
    shown = preview(value, 40)
    return shown if value is None or isinstance(value, bool) else f"{kind_of(value)} ({shown})"


def _is_model(value: object) -> bool:
    return isinstance(value, dict) and "solution" in value


def _models(record: Record) -> Iterator[Trajectory]:
    question, gold = _text(record, "question"), _text(record, "ground_truth")
    for model, cell in record.items():
        if _is_model(cell):
            claim = _flag(cell.get("is_correct"), "is_correct")
            yield Trajectory(question, _text(cell, "solution"), None, gold, claim, model=model)


def _processbench(record: Record) -> Iterator[Trajectory]:
    steps = _texts(record.get("steps"), "steps")
    label = record.get("label", -1)
    if isinstance(label, bool) or not isinstance(label, int) or not -1 <= label < max(len(steps), 1):
        raise LayoutError(f"'label' is {_kind(label)}, where -1 or the number of one of {len(steps)} steps is expected")
    claim = _flag(record.get("final_answer_correct"), "final_answer_correct")
    error = label if label >= 0 else None
    model = _optional(record, MODEL)
    yield Trajectory(_text(record, "problem"), "\n".join(steps), steps, None, claim, error, model)


def _bigbench_mistake(record: Record) -> Iterator[Trajectory]:
    """`answer` is what the chain comes to, so that the file says of it whether it is `target`."""
    steps, gold, said = (
        _texts(record.get("steps"), "steps"),
        _optional(record, ("target",)),
        _optional(record, ("answer",)),
    )
    error = record.get("mistake_index")
    if error is not None and (isinstance(error, bool) or not isinstance(error, int) or not 0 <= error < len(steps)):
        raise LayoutError(
            f"'mistake_index' is {_kind(error)}, where null or the number of one of {len(steps)} steps is expected"
        )
    claim = None if gold is None or said is None else _bare(gold) == _bare(said)
    model = _optional(record, MODEL)
    yield Trajectory(_text(record, "input"), "\n".join(steps), steps, gold, claim, error, model)


def _bare(text: str) -> str:
    return "".join(text.split()).rstrip(".")


def _prm800k(record: Record) -> Iterator[Trajectory]:
    """The chain that the labeller saw: the model's own where it was given, else the steps that were chosen."""
    about, label = record["question"], record["label"]
    shown = label.get("steps")
    if not isinstance(shown, list) or not all(isinstance(step, dict) for step in shown):
        raise LayoutError("'label.steps' is no list of steps")
    chosen = [_chosen(step) for step in shown]
    own = about.get("pre_generated_steps")
    steps = tuple(text for text, _ in chosen) if own is None else _texts(own, "question.pre_generated_steps")
    error = next((place for place, (_, rating) in enumerate(chosen) if rating == -1), None)
    claim = {"solution": True, "found_error": False}.get(str(label.get("finish_reason")))
    gold = _optional(about, ("ground_truth_answer",))
    yield Trajectory(_text(about, "problem"), "\n".join(steps), steps, gold, claim, error, _optional(record, MODEL))


def _chosen(step: Record) -> tuple[str, int | None]:
    """The text of a labelled step and its rating: the completion chosen, a person's own, or the first."""
    completions = [item for item in step.get("completions") or () if isinstance(item, dict)]
    place, human = step.get("chosen_completion"), step.get("human_completion")
    if place is None and isinstance(human, dict):
        return _text(human, "text"), None
    if place is not None and not (isinstance(place, int) and 0 <= place < len(completions)):
        raise LayoutError(f"'chosen_completion' is {_kind(place)}, of {len(completions)} completions")
    if not completions:
        raise LayoutError("a step of 'label.steps' has no completion")
    found = completions[place or 0]
    rating = found.get("rating")
    return _text(found, "text"), rating if isinstance(rating, int) else None


def _math_shepherd(record: Record) -> Iterator[Trajectory]:
    text, label = _text(record, "input"), _text(record, "label")
    start = text.find("Step 1:")
    if start < 0:
        raise LayoutError("'input' has no 'Step 1:'")
    steps = tuple(part.strip() for part in text[start:].split(SHEPHERD_MARK) if part.strip())
    marks = [line.rstrip()[-1:] for line in label[max(label.find("Step 1:"), 0) :].splitlines() if line.strip()]
    if len(marks) != len(steps) or not set(marks) <= {"+", "-"}:
        raise LayoutError(f"'label' ends {len(marks)} steps with {''.join(marks)[:20]!r}, and 'input' has {len(steps)}")
    error = marks.index("-") if "-" in marks else None
    yield Trajectory(text[:start].strip(), "\n".join(steps), steps, None, marks[-1:] == ["+"], error)


def _stepwise(record: Record) -> Iterator[Trajectory]:
    steps, labels = _texts(record["completions"], "completions"), record["labels"]
    if not isinstance(labels, list) or len(labels) != len(steps):
        raise LayoutError(f"'labels' is {_kind(labels)}, where {len(steps)} of true and false are expected")
    flags = [_flag(label, "labels") for label in labels]
    error = flags.index(False) if False in flags else None
    gold, claim = _optional(record, GOLD), error is None
    yield Trajectory(_text(record, "prompt"), "\n".join(steps), steps, gold, claim, error, _optional(record, MODEL))


def _messages(record: Record) -> Iterator[Trajectory]:
    name = "messages" if "messages" in record else "conversations"
    turns = record[name]
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise LayoutError(f"{name!r} is {_kind(turns)}, where a list of messages is expected")
    said = [(_text(turn, "role", "from"), _text(turn, "content", "value")) for turn in turns]
    asked = [text for role, text in said if role in ("user", "human")]
    answered = [text for role, text in said if role in ("assistant", "gpt", "model")]
    if not asked or not answered:
        raise LayoutError(f"{name!r} has no message of a user, or none of an assistant")
    yield Trajectory(
        asked[0], answered[-1], None, _optional(record, GOLD), _claim(record), None, _optional(record, MODEL)
    )


def _claim(record: Record) -> bool | None:
    name = _name(record, CLAIM)
    if name in SCORES and record[name] not in (0, 1):
        return None
    return None if name is None else _flag(record[name], name)


def _chains(record: Record) -> Iterator[Trajectory]:
    question, gold, model = _text(record, *QUESTION), _optional(record, GOLD), _optional(record, MODEL)
    about = Trajectory(question, "", None, gold, model=model, provenance=_provenance(record))
    many = _name(record, CHAINS)
    if many is None:
        own = record["steps"] if _name(record, ("steps",)) else _text(record, *CHAIN)
        yield _chain(about, own, _claim(record))
        return
    cells = record[many]
    if not isinstance(cells, list):
        raise LayoutError(f"{many!r} is {_kind(cells)}, where a list is expected")
    named = _name(record, CLAIM)
    claims = record[named] if named is not None and isinstance(record[named], list) else [_claim(record)] * len(cells)
    if len(claims) != len(cells):
        raise LayoutError(f"{named!r} has {len(claims)} values for {len(cells)} chains")
    for cell, claim in zip(cells, claims, strict=True):
        yield _chain(about, cell, _flag(claim, named or "correct"))


def _chain(about: Trajectory, cell: object, claim: bool | None) -> Trajectory:
    """One chain given as a text, a list of steps, or an object with either; `about` is what its record says of it."""
    if isinstance(cell, dict):
        own = cell["steps"] if "steps" in cell else _text(cell, *CHAIN)
        claim = claim if _claim(cell) is None else _claim(cell)
        said = _provenance(cell) or about.provenance
        return _chain(replace(about, model=_optional(cell, MODEL) or about.model, provenance=said), own, claim)
    if isinstance(cell, str):
        return replace(about, chain=cell, claimed_correct=claim)
    steps = _texts(cell, "steps")
    return replace(about, chain="\n".join(steps), steps=steps, claimed_correct=claim)


def _provenance(record: Record) -> str | None:
    """What the record says of how its chain came about, as JSON."""
    said = record.get("provenance")
    if said is None:
        return None
    if not isinstance(said, dict):
        raise LayoutError(f"'provenance' is {_kind(said)}, where an object is expected")
    try:
        return json.dumps(said, sort_keys=True, allow_nan=False)
    except ValueError:
        raise LayoutError("'provenance' holds a number that is too large to be kept") from None


LAYOUTS: Final[dict[str, Reader]] = {
    "models": _models, "processbench": _processbench, "prm800k": _prm800k, "math-shepherd": _math_shepherd,
    "bigbench-mistake": _bigbench_mistake, "stepwise": _stepwise, "messages": _messages, "chains": _chains,
}  # fmt: skip
"""Every layout that is read, by its name."""
