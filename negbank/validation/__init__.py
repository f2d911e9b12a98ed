"""One validation: lessons are drawn, heads trained, an exam is sat, and what came out is summed up."""

from negbank.validation.exam import Asking, Exam, set_exam, watch
from negbank.validation.lessons import Draw, Lessons, draw_lessons, fit_window
from negbank.validation.measure import Measured, Plan, measure
from negbank.validation.summary import Asked, Summary, summarise

__all__ = [
    "Asked",
    "Asking",
    "Draw",
    "Exam",
    "Lessons",
    "Measured",
    "Plan",
    "Summary",
    "draw_lessons",
    "fit_window",
    "measure",
    "set_exam",
    "summarise",
    "watch",
]
