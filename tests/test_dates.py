"""Dates: what is given, in every plausible order of day and month, and nothing that today's date would fill in."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negbank.text.dates import Date, compare_dates, read_dates

MOON = Date(1969, 7, 20)


@pytest.mark.parametrize(
    "text",
    [
        "20 July 1969", "July 20, 1969", "20th July 1969", "the 20th of July 1969", "the twentieth of July, 1969",
        "1969-07-20", "20.7.1969", "20/7/1969", "7/20/1969", "1969/07/20", "20 Jul. 1969", "Jul 20, 1969",
        "July the 20th, 1969", "on July 20th, 1969", "20 July 1969 AD", "1969-07-20T20:17:00Z", "1969 July 20",
        "July twentieth, nineteen sixty-nine", "1969年7月20日",
    ],
)  # fmt: skip
def test_one_date_in_many_spellings(text: str) -> None:
    assert read_dates(text) == (MOON,)


@pytest.mark.parametrize(
    ("text", "dates"),
    {
        "03/04/2020": [Date(2020, 3, 4), Date(2020, 4, 3)],
        "3.4.2020": [Date(2020, 4, 3)],
        "Sunday, 20 July 1969": [Date(1969, 7, 20, 6)],
        "July 1969": [Date(1969, 7)],
        "07/1969": [Date(1969, 7)],
        "4 July": [Date(None, 7, 4)],
        "the Fourth of July": [Date(None, 7, 4)],
        "May": [Date(None, 5)],
        "Wednesday": [Date(weekday=2)],
        "44 BC": [Date(-44)],
        "A.D. 476": [Date(476)],
        "the 1960s": [Date(1960, last_year=1969)],
        "early 1960s": [Date(1960, last_year=1969, part="early")],
        "the 18th century": [Date(1700, last_year=1799)],
        "XVIII century": [Date(1700, last_year=1799)],
        "5th century BC": [Date(-500, last_year=-401)],
        "1700s": [Date(1700, last_year=1799), Date(1700, last_year=1709)],
        "Christmas Day 1990": [Date(1990, 12, 25)],
    }.items(),
)  # fmt: skip
def test_what_is_given_and_what_is_left_out(text: str, dates: list[Date]) -> None:
    assert list(read_dates(text)) == dates


def test_two_digits_leave_the_century_open() -> None:
    assert {date.year for date in read_dates("July 20 '69")} == {1969, 2069, 1869, 1769}


@pytest.mark.parametrize(
    "text",
    ["", "may", "1969", "3.14", "1/2", "April 31, 2001", "32.1.2000", "1.13.2000", "March of the penguins",
     "I may go in 5 days",
     "AD", "10:30", "version 1.2.3.4", "Sunday driver", "x" * 200],
)  # fmt: skip
def test_what_is_no_date_has_no_reading(text: str) -> None:
    assert read_dates(text) == ()


def test_beside_a_date_a_bare_year_and_a_day_and_month_are_read_too() -> None:
    assert read_dates("1969", loose=True) == (Date(1969),)
    assert read_dates("14/7", loose=True) == (Date(None, 7, 14),)


@pytest.mark.parametrize(
    ("first", "second", "how"),
    [
        (MOON, MOON, "equal"), (Date(1969), MOON, "finer"),
        (MOON, Date(1969), "coarser"), (MOON, Date(1968), "different"),
        (MOON, Date(1969, 7, 21), "different"), (Date(None, 7), Date(1968), "apart"),
        (Date(1960, last_year=1969), MOON, "finer"),
        (Date(1960, last_year=1969), Date(1970, last_year=1979), "different"),
        (Date(1960, last_year=1969), Date(1960, last_year=1969, part="late"), "finer"),
        (Date(weekday=2), Date(weekday=3), "different"), (Date(-44), Date(44), "different"),
    ],
)  # fmt: skip
def test_how_one_date_stands_to_another(first: Date, second: Date, how: str) -> None:
    assert compare_dates(first, second) == how


@given(st.dates(min_value=datetime.date(1000, 1, 1), max_value=datetime.date(2999, 12, 31)))
def test_a_date_reads_back_however_it_is_written(date: datetime.date) -> None:
    expected = (date.year, date.month, date.day)
    for written in (
        "%Y-%m-%d",
        "%d %B %Y",
        "%B %d, %Y",
        "%d.%m.%Y",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%A, %d %b %Y",
        "the %dth of %B %Y",
    ):
        assert expected in [(read.year, read.month, read.day) for read in read_dates(date.strftime(written))], written


@given(st.text(max_size=80), st.booleans())
def test_any_text_is_read_without_error(text: str, loose: bool) -> None:
    read_dates(text, loose)
