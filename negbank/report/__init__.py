"""A validation's result -> what a person reads: words, tables, plots and a page."""

from negbank.report.result import (
    BaseModel,
    Compared,
    Evaluation,
    HeadRun,
    Point,
    Probe,
    Referred,
    Result,
    Shift,
    from_json,
    to_json,
    without_losses,
)

__all__ = [
    "BaseModel", "Compared", "Evaluation", "HeadRun", "Point", "Probe", "Referred", "Result", "Shift", "from_json",
    "to_json", "without_losses",
]  # fmt: skip
