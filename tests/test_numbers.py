"""Numbers as people write them: one reader for guards and chains."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negbank.text.numbers import find_numbers, read_number

ONE_READING = {
    "-5": "-5", "−5": "-5", "–5": "-5", "－5": "-5", "﹣5": "-5", "- 5": "-5", "minus five": "-5", "negative 5": "-5",
    "5 below zero": "-5", "+5": "5", "1 000": "1000", "1 000 000": "1000000", "1\u2009000": "1000",
    "1\u00a0000": "1000", "1'000": "1000", "1’000": "1000", "1_000": "1000", "1,00,000": "100000",
    "12,34,567.5": "2469135/2", "1.234,5": "2469/2", "1,234.5": "2469/2", "1 234,56": "30864/25", "3,14": "157/50",
    "1.234.567": "1234567", "1234,567": "1234567/1000", "0.350": "7/20", ".5": "1/2", "-.5": "-1/2", "3.0": "3",
    "５００": "500", "٣٤": "34", "३४": "34", "٣٫٥": "7/2", "１，０００，０００": "1000000", r"1\,000": "1000",
    "1~000": "1000", "1{,}000": "1000", "300,000": "300000",
    "三十四": "34", "一百二十": "120", "一百零五": "105", "两": "2", "3万": "30000", "两万五千": "25000",
    "二〇二〇": "2020",
    "百分之五十": "1/2", "三分之一": "1/3", "三点五": "7/2", "负三": "-3", "第三": "3",
    "zero": "0", "nil": "0", "twenty-one": "21", "thirty four": "34", "one hundred and five": "105",
    "a hundred": "100", "two thousand and five": "2005", "twelve hundred": "1200", "a hundred thousand": "100000",
    "one million two hundred thousand": "1200000", "three million": "3000000", "nineteen forty-five": "1945",
    "nineteen oh five": "1905", "twenty-twenty": "2020", "ten sixty-six": "1066", "nineteen hundred": "1900",
    "a dozen": "12", "two dozen": "24", "half a dozen": "6", "a couple of": "2", "a pair": "2", "five score": "100",
    "half": "1/2", "a half": "1/2", "a third": "1/3", "three fourths": "3/4", "three-quarters": "3/4",
    "two and a half": "5/2", "one and three quarters": "7/4", "one twenty-fifth": "1/25", "minus two thirds": "-2/3",
    "three hundredths": "3/100", "two and a half million": "2500000", "a quarter of a million": "250000",
    "three point one four": "157/50", "zero point five": "1/2", "three over four": "3/4", "none": "0", "twice": "2",
    "12k": "12000", "3.5 million": "3500000", "3.5M": "3500000", "2bn": "2000000000", "5 hundred": "500",
    "2 dozen": "24", "2 and a half": "5/2", "3 million 500 thousand": "3500000", "5 lakh": "500000",
    "½": "1/2", "3⁄4": "3/4", "3/4": "3/4", "1 1/2": "3/2", "1½": "3/2", "−½": "-1/2", "1 and 1/2": "3/2",
    r"\frac{3}{4}": "3/4", r"\dfrac34": "3/4", r"1\frac{1}{2}": "3/2", r"-\frac{3}{4}": "-3/4", "³/₄": "3/4",
    "1.2e4": "12000", "1E-3": "1/1000", "1.2×10⁴": "12000", "1.2*10^4": "12000", "1.2 x 10^4": "12000",
    r"1.2 \times 10^{4}": "12000", "10^-3": "1/1000", "10⁻³": "1/1000", "10**3": "1000",
    "6.02 × 10²³": str(602 * 10**21),
    "50%": "1/2", "50 %": "1/2", r"50\%": "1/2", "50 percent": "1/2", "50 per cent": "1/2", "fifty percent": "1/2",
    "1st": "1", "22nd": "22", "1,000th": "1000", "twenty-first": "21", "the third": "3",
    "about 5": "5", "~5": "5", "≈ 5": "5", "five or so": "5", "circa 1500": "1500", "exactly 7": "7",
    "0.333...": "333/1000", r"0.\overline{3}": "1/3", "0.1(6)": "1/6", "XIV": "14", "MCMXLV": "1945", "Ⅳ": "4",
    "$18$": "18", "**7**": "7", "18.": "18", "007": "7",
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), ONE_READING.items())
def test_a_number_that_reads_in_one_way(text: str, value: str) -> None:
    assert [number.value for number in read_number(text)] == [Fraction(value)]


@pytest.mark.parametrize(
    ("text", "values"),
    {
        "12.350": ["247/20", "12350"], "1,234": ["1234", "617/500"], "1{,}234": ["1234", "617/500"],
        "(15)": ["-15", "15"], "18!": ["18", "6402373705728000"], "one hundredth": ["100", "1/100"],
        "three fifty": ["350", "7/2"], "3 out of 4": ["3/4", "3"], "1-1/2": ["3/2", "1/2"],
    }.items(),
)  # fmt: skip
def test_a_number_that_may_be_read_in_two_ways_has_both_the_usual_one_first(text: str, values: list[str]) -> None:
    assert [number.value for number in read_number(text)] == [Fraction(value) for value in values]


@pytest.mark.parametrize(
    "text",
    [
        "", "word", "1.2.3", "20.7.1969", "10:00", "1,2,3", "1/0", "1 2", "± 5", "5+", "IC", "IIII", "H2O", "x2", "34x",
        "3/4/2020", "10^10^10", "2e9999", "9" * 5000, "5 km", "$5",
        "a", "and", "one one", "six two", "3m", "300 K", "12²",
        "mix", "一二", "thirty forty",
    ],
)  # fmt: skip
def test_what_is_no_number_has_no_reading(text: str) -> None:
    assert read_number(text) == ()


def test_what_else_is_said_of_a_number() -> None:
    assert read_number("3.14")[0].decimals == 2
    assert read_number("1,200")[0].decimals == 0
    assert read_number("3.5 million")[0].decimals == -5
    assert read_number("12.5%")[0].decimals == 3 and read_number("12.5%")[0].percent
    assert read_number("3/4")[0].decimals is None
    assert read_number("21st")[0].ordinal and read_number("twenty-first")[0].ordinal
    assert read_number("about 5")[0].approximate and not read_number("5")[0].approximate
    assert read_number("XIV")[0].roman and read_number("five")[0].words and read_number("007")[0].padded


@pytest.mark.parametrize(
    ("text", "found"),
    {
        "She has 34 of the 50 left": [("34", "34"), ("50", "50")],
        "5-3 = 2 and -4 x 2": [("5", "5"), ("3", "3"), ("2", "2"), ("-4", "-4"), ("2", "2")],
        "H2O at 10:00 on 3/4/2020, v1.2.3": [],
        "They ate 3/4, so 1/4 is left.": [("3/4", "3/4"), ("1/4", "1/4")],
        "- 5 + 5 = 10": [("5", "5"), ("5", "5"), ("10", "10")],
        "10–15 or 1,2,3": [("10", "10"), ("15", "15"), ("1", "1"), ("2", "2"), ("3", "3")],
        "twenty-one dogs, two and a half cups": [("twenty-one", "21"), ("two and a half", "5/2")],
        "in 2020 300 times": [("2020", "2020"), ("300", "300")],
        "共有三十四个苹果，花了3万元，一起": [("三十四", "34"), ("3万", "30000")],
        "~3.5 million, minus 3, 20 percent": [("3.5 million", "3500000"), ("minus 3", "-3"), ("20 percent", "1/5")],
        "a bus of a kind, I and none once": [],
        "six-sided anyone stone": [("six", "6")],
        "6 cm^2, 12² = 144, 7^2 = 49": [("6", "6"), ("144", "144"), ("49", "49")],
    }.items(),
)  # fmt: skip
def test_numbers_are_found_in_running_text(text: str, found: list[tuple[str, str]]) -> None:
    numbers = find_numbers(text)
    assert [(text[n.start : n.end], str(n.readings[0].value)) for n in numbers] == found


def spelled(number: int) -> str:
    """An independent speller, for the round trip."""
    small = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    ones = (small + "seventeen eighteen nineteen").split()
    tens = "twenty thirty forty fifty sixty seventy eighty ninety".split()
    if number < 20:
        return ones[number]
    if number < 100:
        return tens[number // 10 - 2] + (f"-{ones[number % 10]}" if number % 10 else "")
    for size, name in ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"), (100, "hundred")):
        if number >= size:
            rest = number % size
            joint = " and " if 0 < rest < 100 else " "
            return f"{spelled(number // size)} {name}" + (joint + spelled(rest) if rest else "")
    raise AssertionError(number)


@given(st.integers(0, 10**12 - 1))
def test_an_integer_reads_back_however_it_is_written(number: int) -> None:
    full_width = str(number).translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})
    grouped = f"{number:,}"
    for text in (str(number), spelled(number), spelled(number).title(), grouped, grouped.replace(",", " "),
                 grouped.replace(",", "’"), grouped.replace(",", "."), full_width,
                 f"−{number}", f"  {number}."):  # fmt: skip
        sign = -1 if text.startswith("−") else 1
        assert sign * number in [found.value for found in read_number(text)], text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_a_decimal_reads_back_with_a_point_and_with_a_comma(number: object) -> None:
    for text in (str(number), str(number).replace(".", ",")):
        assert Fraction(str(number)) in [found.value for found in read_number(text)]


@given(st.text())
def test_any_text_is_read_without_error_and_found_numbers_are_inside(text: str) -> None:
    read_number(text)
    at = 0
    for found in find_numbers(text):
        assert at <= found.start < found.end <= len(text) and found.readings
        at = found.end


@pytest.mark.parametrize(
    "piece", ["9", "1,", "1 ", "one ", "twenty-", "1/2", "1 1/", "{", "minus ", "三", r"\frac", "10^", "a "]
)
def test_hostile_texts_take_little_time(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    start = time.process_time()
    find_numbers(text)
    read_number(text)
    assert time.process_time() - start < 2.0
