"""Times of the day: `6 pm`, `18:00`, `half past six`, `noon`; in minutes after midnight."""

from __future__ import annotations

import re
from typing import Final

from negbank.text.number_words import read_words

_CLOCK: Final = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>[0-5]\d))?(?::[0-5]\d)? ?(?P<half>[ap]\.? ?m\.?)?"
    r"(?: ?(?P<clock>o'clock|h|hrs|hours|uhr))?(?P<part> (?:in the (?:morning|afternoon|evening)|at night))?",
    re.IGNORECASE,
)
_WORDED: Final = re.compile(
    r"(?:(?P<minutes>half|a? ?quarter|[a-z]+(?:[ -][a-z]+)?|\d{1,2})(?: minutes?)? (?P<side>past|to|after|before) )?"
    r"(?P<hour>[a-z]+|\d{1,2})(?P<clock> o'clock)?(?P<half> ?[ap]\.?m\.?)?"
    r"(?P<part> (?:in the (?:morning|afternoon|evening)|at night))?",
    re.IGNORECASE,
)
_SPOKEN: Final = re.compile(
    r"(?P<hour>[a-z]+)[ -](?P<minutes>(?:oh )?[a-z]+(?:[ -][a-z]+)?)"
    r"(?:(?P<half> ?[ap]\.?m\.?)|(?P<part> (?:in the (?:morning|afternoon|evening)|at night)))",
    re.IGNORECASE,
)
_NAMED: Final = {"noon": 720, "midday": 720, "midnight": 0, "12 noon": 720, "12 midnight": 0, "twelve noon": 720}


def read_clock(text: str) -> tuple[int, ...]:
    """Minutes after midnight that `text` may be as a time of the day; () where it is none."""
    if len(text) > 40:
        return ()
    lower = text.lower().strip().removeprefix("at ")
    if lower in _NAMED:
        return (_NAMED[lower],)
    found = _CLOCK.fullmatch(lower)
    if found is not None:
        if not (found["minute"] or found["half"] or found["clock"] == "o'clock"):
            return ()
        if found["clock"] == "h" and not found["minute"]:
            return ()
        if "." in lower[:3] and not (found["half"] or found["clock"]):
            return ()
        padded = found["hour"].startswith("0")
        return _hours(int(found["hour"]), int(found["minute"] or 0), found["half"] or "", found["part"] or "", padded)
    return _read_worded(lower)


def _read_worded(text: str) -> tuple[int, ...]:
    said = _SPOKEN.fullmatch(text)
    if said is not None:  # five thirty pm
        hour, minutes = _small(said["hour"]), _small(said["minutes"].removeprefix("oh "))
        if hour is not None and minutes is not None and 1 <= hour <= 12 and 0 < minutes < 60:
            return tuple(time % 1440 for time in _hours(hour, minutes, said["half"] or "", said["part"] or "", False))
    return _read_relative(text)


def _read_relative(text: str) -> tuple[int, ...]:
    """`half past six`, `ten to seven in the evening`, `nine o'clock`."""
    found = _WORDED.fullmatch(text)
    if found is None or not (found["minutes"] or found["clock"] or found["half"] or found["part"]):
        return ()
    hour, minutes = _small(found["hour"]), 0
    named_hour = _NAMED.get(found["hour"])
    if found["minutes"]:
        spoken = found["minutes"].removeprefix("a ")
        named = {"half": 30, "quarter": 15}.get(spoken)
        minutes_or_none = named if named is not None else _small(spoken)
        if minutes_or_none is None:
            return ()
        minutes = minutes_or_none if found["side"] in ("past", "after") else -minutes_or_none
    if named_hour is not None:
        return ((named_hour + minutes) % 1440,)
    if hour is None or not 1 <= hour <= 12:
        return ()
    return tuple(time % 1440 for time in _hours(hour, minutes, found["half"] or "", found["part"] or "", False))


def _small(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    numerals = read_words(text.replace("-", " ").split())
    return int(numerals[0].value) if numerals and numerals[0].value.denominator == 1 else None


def _hours(hour: int, minute: int, half: str, part: str, padded: bool) -> tuple[int, ...]:
    """The times that an hour may be: both halves of the day where nothing tells."""
    if hour > 24 or ((half or part) and not 1 <= hour <= 12):
        return ()
    mark = half.strip()[:1] or {"morning": "a", "afternoon": "p", "evening": "p", "night": "p"}.get(
        part.split(" ")[-1], ""
    )
    base = (hour % 12 if mark else hour) * 60 + minute
    if mark:
        return (base + 720 if mark == "p" else base,)
    if padded or hour > 12 or hour == 0:
        return (base % 1440,)
    return (base % 1440, (base + 720) % 1440)
