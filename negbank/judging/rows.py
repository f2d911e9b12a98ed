"""Rows -> rows with a verdict each, every distinct question to the judge asked once and kept.

A judge only refuses, and is asked after the rules: what a rule decided isn't in these rows. Whatever ends the asking,
the verdicts until then are kept, and the same call goes on from there.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl

from negbank.errors import EncoderError, GenerationError, JudgeError
from negbank.judging.records import (
    JUDGE_STOPPED,
    RIGHT,
    UNJUDGED,
    WRONG,
    Ask,
    Item,
    Judge,
    NonsenseError,
)
from negbank.judging.verdict_cache import KeptVerdicts, VerdictCache
from negbank.records import Progress, no_progress
from negbank.terms import counted

STAGE: Final = "judge"

TO_JUDGE: Final = pl.Schema(
    {
        "question": pl.String(),
        "context": pl.String(),
        "answer": pl.String(),
        "answers": pl.List(pl.String()),
        "negative": pl.String(),
        "testified": pl.Boolean(),
    }
)
"""The columns that `judge_rows` reads; others are kept as they are. `answers` is null where `answer` is the only right
one. `testified`: the file calls the candidate wrong, so a higher threshold holds."""

_KEEP_EVERY_S: Final = 1.0


@dataclass(frozen=True)
class Judged:
    """`rows` with `judge_verdict` (right, wrong or null) and `judge_probability` (Float32, null without a verdict).

    `reasons` says of each row why it has no verdict (see `records.UNJUDGED`). `asked` calls were made and `kept` were
    answered from the cache. `stopped` says why the judge was not asked to the end, None where it was.
    """

    rows: pl.DataFrame
    reasons: pl.Series
    judge: Judge
    asked: int
    kept: int
    stopped: str | None

    @property
    def is_right(self) -> pl.Series:
        """Which rows are right answers, so can't be negatives."""
        return self.rows["judge_verdict"].eq_missing(RIGHT)

    @property
    def unjudged(self) -> Counter[str]:
        """How many rows have no verdict, by reason."""
        return Counter(self.reasons.drop_nulls())

    def only(self, mask: pl.Series) -> Judged:
        """The same for some of the rows, such as those of one tier."""
        return replace(self, rows=self.rows.filter(mask), reasons=self.reasons.filter(mask))

    def notices(self) -> tuple[str, ...]:
        """What a person has to know, as sentences."""
        missing, out = self.unjudged, []
        judged = self.rows.height - missing.total()
        if self.stopped:
            out.append(
                f"The judge stopped: {self.stopped}. Judged, with the verdicts kept: {counted(judged, 'candidate')}. "
                f"Not judged: {missing[JUDGE_STOPPED]:,}; these stay in (judge_verdict is null). Run the same command "
                "again to judge them; what is kept isn't asked again."
            )
        for reason, count in sorted(missing.items()):
            if reason != JUDGE_STOPPED:
                out.append(f"Not judged, and left in: {counted(count, 'candidate')} ({reason}: {UNJUDGED[reason]}).")
        testified, doubted = _doubted(self)
        if doubted and doubted * 2 >= testified:
            out.append(
                f"The judge finds {doubted:,} of the {testified:,} answers that the file calls wrong likelier "
                "right than wrong. Either the file is wrong or the judge is unfit for it; look at judge_probability."
            )
        return tuple(out)


def judge_rows(
    rows: pl.DataFrame, judge: Judge, cache: VerdictCache | None = None, progress: Progress = no_progress
) -> Judged:
    """`rows` (the columns of TO_JUDGE, and others) with a verdict each, asked for or from `cache` (None: the default).

    A candidate is as likely right as with the answer that it fits best. Raises JudgeError for other columns, and
    JudgeError or GenerationError where the judge can't be asked and nothing at all is kept from before.
    """
    _check(rows)
    plans = [judge.asks(item) for item in _items(rows)]
    asks = list(dict.fromkeys(ask for plan in plans for alternative in plan for ask in alternative))
    asking = _Asking(asks, judge)
    with (cache or VerdictCache()).open(judge.fingerprint) as kept:
        asking.run(kept, progress)
    found = [asking.combined(plan) for plan in plans]
    settings, verdicts = judge.settings, []
    for (probability, reason), testified in zip(found, rows["testified"], strict=True):
        threshold = settings.testified if testified else settings.threshold
        verdicts.append(_verdict(probability, reason, threshold))
    probabilities = [p if v else None for (p, _), v in zip(found, verdicts, strict=True)]
    reasons = [None if v else reason for (_, reason), v in zip(found, verdicts, strict=True)]
    judged = rows.with_columns(
        pl.Series("judge_verdict", verdicts, pl.String), pl.Series("judge_probability", probabilities, pl.Float32)
    )
    series = pl.Series("reason", reasons, pl.String)
    return Judged(judged, series, judge, asking.asked, asking.kept, asking.stopped)


def joined(first: Judged, *others: Judged) -> Judged:
    """Several rounds of one judge as one: a miner may need further candidates where some were refused."""
    rounds = (first, *others)
    return replace(
        first,
        rows=pl.concat([each.rows for each in rounds]),
        reasons=pl.concat([each.reasons for each in rounds]),
        asked=sum(each.asked for each in rounds),
        kept=sum(each.kept for each in rounds),
        stopped=next((each.stopped for each in rounds if each.stopped), None),
    )


def about(judged: Judged) -> dict[str, Any]:
    """What a version records of its judge: who, by which thresholds, and what share of the candidates it refused.

    The same rows and verdicts give the same record, whatever came from the cache.
    """
    settings, refused = judged.judge.settings, judged.is_right
    testified, doubted = _doubted(judged)
    rows, unjudged = judged.rows.height, judged.unjudged
    judged_rows = rows - unjudged.total()
    return {
        "name": judged.judge.name,
        **judged.judge.facts(),
        "threshold": settings.threshold,
        "threshold_testified": settings.testified,
        "rows": rows,
        "right": int(refused.sum()),
        "wrong": judged_rows - int(refused.sum()),
        "unjudged": dict(sorted(unjudged.items())),
        "removed_share": round(int(refused.sum()) / judged_rows, 4) if judged_rows else None,
        "testified": {
            "rows": testified,
            "right": int((refused & judged.rows["testified"]).sum()),
            "more_likely_right": doubted,
        },
    }


def _verdict(probability: float | None, reason: str | None, threshold: float) -> str | None:
    """Right as soon as one right answer is matched; wrong only where all of them were compared."""
    if probability is not None and probability >= threshold:
        return RIGHT
    return WRONG if reason is None else None


class _Asking:
    """The calls of one run, and what came of them."""

    def __init__(self, asks: Sequence[Ask], judge: Judge) -> None:
        self._asks, self._judge = asks, judge
        self._found: dict[Ask, float] = {}
        self._reasons: dict[Ask, str] = {}
        self._unwritten: dict[Ask, float] = {}
        self.asked = self.kept = 0
        self.stopped: str | None = None

    def run(self, cache: KeptVerdicts, progress: Progress) -> None:
        """Take what is kept, ask for the rest, and keep it at least once a second."""
        self._found = cache.read(self._asks)
        self.kept = len(self._found)
        progress(STAGE, self.kept, len(self._asks))
        missing = [ask for ask in self._asks if ask not in self._found]
        if not missing:
            return
        try:
            self._ask(missing, cache, progress)
        except NonsenseError as error:
            self.stopped = str(error)
        except (JudgeError, GenerationError, EncoderError) as error:
            if not self._found:
                raise
            self.stopped = str(error)
        finally:
            cache.write(self._unwritten)

    def _ask(self, missing: list[Ask], cache: KeptVerdicts, progress: Progress) -> None:
        last = time.monotonic()
        with contextlib.closing(self._judge.stream(missing)) as answers:
            for place, found in answers:
                self.asked += 1
                if isinstance(found, str):
                    self._reasons[missing[place]] = found
                else:
                    self._found[missing[place]] = self._unwritten[missing[place]] = found
                if time.monotonic() - last > _KEEP_EVERY_S:
                    cache.write(self._unwritten)
                    self._unwritten, last = {}, time.monotonic()
                progress(STAGE, self.kept + self.asked, len(self._asks))

    def combined(self, plan: tuple[tuple[Ask, ...], ...]) -> tuple[float | None, str | None]:
        """The best of the alternatives, each as likely as its least likely part; and a reason where some is missing."""
        best, reason = None, None
        for alternative in plan:
            missing = next((ask for ask in alternative if ask not in self._found), None)
            if missing is not None:
                reason = self._reasons.get(missing, JUDGE_STOPPED)
                continue
            probability = min(self._found[ask] for ask in alternative)
            best = probability if best is None else max(best, probability)
        return best, reason


def _items(rows: pl.DataFrame) -> list[Item]:
    """One item a row; the right answers once each, in order."""
    columns = [rows[name].to_list() for name in ("question", "context", "answer", "answers", "negative")]
    return [
        Item(question, context, tuple(dict.fromkeys((answer, *(answers or ())))), negative)
        for question, context, answer, answers, negative in zip(*columns, strict=True)
    ]


def _doubted(judged: Judged) -> tuple[int, int]:
    """How many candidates the file calls wrong and the judge has judged; and how many it finds likelier right."""
    testified = judged.rows.filter(pl.col("testified") & pl.col("judge_probability").is_not_null())
    return testified.height, testified.filter(pl.col("judge_probability") > 0.5).height


def _check(rows: pl.DataFrame) -> None:
    for name, kind in TO_JUDGE.items():
        if name not in rows.columns:
            raise JudgeError(f"the rows to judge have no column {name!r}; they have {', '.join(rows.columns)}")
        if rows.schema[name] != kind:
            raise JudgeError(f"the column {name!r} of the rows to judge is {rows.schema[name]}, not {kind}")
        if name not in ("context", "answers") and rows[name].has_nulls():
            raise JudgeError(f"the column {name!r} of the rows to judge has nulls")
