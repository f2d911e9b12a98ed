"""Combinations of keys (`Ctrl+C`, `CTRL-C`, `Control + C`) and notes of one pitch (`F#` and `Gb`)."""

from __future__ import annotations

import re
from typing import Final

from negbank.guards.decision import Decision

_MODIFIERS: Final = {
    "ctrl": "ctrl", "control": "ctrl", "strg": "ctrl", "alt": "alt", "option": "alt", "opt": "alt", "⌥": "alt",
    "shift": "shift", "⇧": "shift", "cmd": "cmd", "command": "cmd", "⌘": "cmd", "win": "win", "windows": "win",
    "super": "win", "fn": "fn", "meta": "meta",
}  # fmt: skip
_KEYS: Final = {"delete": "del", "escape": "esc", "return": "enter", "⏎": "enter", "del": "del", "esc": "esc"}
_NAMED: Final = re.compile(r"f\d\d?|tab|space|home|end|up|down|left|right")
_PRESSED: Final = re.compile(r"^(?:press(?:ing)? |hold(?:ing)? )?(?:the )?(?:keys? )?", re.IGNORECASE)
_JOINT: Final = re.compile(r" ?[+\-–] ?| and | then | ")
_ASKS_PITCH: Final = re.compile(
    r"\b(?:semi-?tones?|half[- ]steps?|half[- ]tones?|"
    r"enharmonic|pitch|black key|piano key|whole[- ](?:tone|step)|sounds?)\b",
    re.IGNORECASE,
)
_PITCHES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def decide_keys(answer: str, candidate: str) -> Decision | None:
    """The verdict on two combinations of keys; None where either is none."""
    ours, theirs = _combination(answer), _combination(candidate)
    if not ours or not theirs:
        return None
    return Decision("same" if ours == theirs else "different", "symbol")


def _combination(text: str) -> tuple[str, ...]:
    """The keys that `text` combines, the modifiers in alphabetical order and then the last key."""
    if len(text) > 40 or not text[:1] or text[-1:] == " ":
        return ()
    keys = _JOINT.split(_PRESSED.sub("", text).lower().strip("`'\"."))
    if not 2 <= len(keys) <= 4 or not all(key in _MODIFIERS for key in keys[:-1]) or not keys[-1]:
        return ()
    last = _KEYS.get(keys[-1], keys[-1])
    named = (
        len(last) == 1 or last in _KEYS.values() or re.fullmatch(r"f\d\d?|tab|space|home|end|up|down|left|right", last)
    )
    return (*sorted(_MODIFIERS[key] for key in keys[:-1]), last) if named else ()


def decide_notes(question: str, ours: str, theirs: str) -> Decision | None:
    """`ambiguous` for two names of one pitch, where the question is about pitches."""
    pitches = [_pitch(form) for form in (ours, theirs)]
    if ours == theirs or None in pitches or pitches[0] != pitches[1] or not _ASKS_PITCH.search(question):
        return None
    return Decision("ambiguous", "symbol")


def _pitch(form: str) -> int | None:
    found = re.fullmatch(r"([A-G])(#|b)?", form)
    return None if found is None else (_PITCHES[found[1]] + {"#": 1, "b": -1}.get(found[2] or "", 0)) % 12
