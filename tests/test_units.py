"""Quantities: one value and dimension however they are written."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negbank.text.clock import read_clock
from negbank.text.unit_names import read_unit
from negbank.text.unit_table import unit_table
from negbank.text.units import read_quantities

SECONDS, METRES, KILOGRAMS, KELVIN = (("s", 1),), (("m", 1),), (("kg", 1),), (("K", 1),)
DOLLARS, EUROS = (("USD", 1),), (("EUR", 1),)


@pytest.mark.parametrize(
    ("texts", "value", "dimension"),
    [
        (
            "90 minutes|1.5 hours|an hour and a half|1 h 30 min|5400 seconds|1h30|1½ h|one and a half hours",
            "5400",
            SECONDS,
        ),
        ("half an hour|30 min|0.5 h|thirty minutes|1/2 hour", "1800", SECONDS),
        ("5 km|5km|5,000 m|five kilometres|5.0 kilometers", "5000", METRES),
        ("5 ft 11 in|71 inches|5'11\"|5 feet 11 inches", "9017/5000", METRES),
        ("1 m 80|180 cm|1.80 m", "9/5", METRES),
        ("2 lb 3 oz|35 oz", str(Fraction(45359237, 10**8) * 35 / 16), KILOGRAMS),
        ("100 °C|100 degrees Celsius|212 °F|373.15 K|100C|100 degrees", "7463/20", KELVIN),
        ("-5 °C|5 degrees Celsius below zero|minus five degrees Celsius", "5363/20", KELVIN),
        ("$18|18 dollars|USD 18|18 USD|$18.00|1800 cents|eighteen dollars|18 bucks", "18", DOLLARS),
        ("one dollar fifty|$1.50|150 cents|1 dollar and 50 cents", "3/2", DOLLARS),
        ("18,00 €|€18|18 euros|EUR 18", "18", EUROS),
        ("$3.5 million|3.5 million dollars|$3.5M", "3500000", DOLLARS),
        ("36 km/h|36 kilometres per hour|36 kph|10 m/s|10 m s^-1", "10", (("m", 1), ("s", -1))),
        ("9.8 m/s²|9.8 metres per second squared|9.8 m/s^2|980 cm/s²", "49/5", (("m", 1), ("s", -2))),
        ("2 ha|20,000 m²|20000 square metres|0.02 km^2|20000 sq m", "20000", (("m", 2),)),
        ("250 ml|0.25 l|25 cl|1/4 litre|250 cm³|250 cc", "1/4000", (("m", 3),)),
        ("90°|90 degrees|π/2 radians|pi/2 rad", "90", (("°", 1),)),
        ("16 GB|16 gigabytes|16GB", "16000000000", (("B", 1),)),
        ("5 L/100 km|5 litres per 100 kilometres", "1/20000000", (("m", 2),)),
        ("6 pm|18:00|6:00 PM|six o'clock in the evening", "1080", (("clock", 1),)),
        ("3:2|3 to 2|6:4", "3/2", (("ratio", 1),)),
    ],
)
def test_one_quantity_in_many_spellings(texts: str, value: str, dimension: tuple[tuple[str, int], ...]) -> None:
    for text in texts.split("|"):
        read = {(quantity.value, quantity.dimension) for quantity in read_quantities(text)}
        assert (Fraction(value), dimension) in read, text


@pytest.mark.parametrize(
    ("first", "second"),
    [("5 mg", "5 Mg"), ("5 km", "5 miles"), ("$18", "€18"), ("5 MB", "5 Mb"), ("6 pm", "6 am"), ("1 m", "1 min"),
     ("5 m", "5 m²"), ("10 V", "10 W"), ("100 °C", "100 °F"), ("10-15", "10-16"), ("> 5", "5")],
)  # fmt: skip
def test_quantities_that_differ_share_no_reading(first: str, second: str) -> None:
    def readings(text: str) -> set[object]:
        return {(q.value, q.dimension, q.upper, q.bound) for q in read_quantities(text)}

    assert readings(first) and readings(second) and readings(first).isdisjoint(readings(second))


@pytest.mark.parametrize(
    "text", ["", "hello there", "the answer is 5 and more", "2 dogs and 3 cats", "H2O", "x" * 500, "km"]
)
def test_what_is_no_quantity_has_no_reading(text: str) -> None:
    assert read_quantities(text) == ()


def test_ranges_and_bounds() -> None:
    (found,) = [q for q in read_quantities("10-15 km") if q.dimension == METRES]
    assert (found.value, found.upper) == (10_000, 15_000)
    assert [q.bound for q in read_quantities("at least 5 km")] == [">="]
    assert [q.bound for q in read_quantities("5+")] == [">="]
    assert [q.bound for q in read_quantities("fewer than 20 people")] == ["<"]
    assert (read_quantities("1914-18")[0].value, read_quantities("1914-18")[0].upper) == (1914, 1918)


def test_precision_is_kept_with_the_value() -> None:
    assert read_quantities("3.1 miles")[0].step == Fraction(1609344, 1000) / 10
    assert read_quantities("3/4 mile")[0].step is None


def test_the_case_of_a_symbol_counts_where_it_tells_units_apart() -> None:
    assert read_unit("KM") == read_unit("km")
    assert read_unit("Mg") != read_unit("mg")
    assert {unit.name for unit in read_unit("C")} == {"C", "°C"}
    assert read_unit("Kilometres Per Hour") == read_unit("km/h")


@pytest.mark.parametrize(
    ("text", "minutes"),
    {"6 pm": (1080,), "6:30": (390, 1110), "06:30": (390,), "18:30": (1110,), "half past six": (390, 1110),
     "noon": (720,),
     "quarter to seven in the evening": (1125,), "12 am": (0,),
     "12 pm": (720,), "25:00": (), "6": (), "1:75": ()}.items(),
)  # fmt: skip
def test_times_of_the_day(text: str, minutes: tuple[int, ...]) -> None:
    assert read_clock(text) == minutes


def test_every_unit_of_the_table_reads_back_with_its_factor() -> None:
    for spelling, units in unit_table().items():
        if "_" not in spelling:
            assert set(units) <= set(read_unit(spelling)), spelling


@given(st.integers(1, 10**6), st.sampled_from(["mm", "cm", "m", "km", "in", "ft", "mi"]))
def test_a_length_reads_back_in_any_unit(number: int, unit: str) -> None:
    expected = number * unit_table()[unit][0].factor
    assert expected in [q.value for q in read_quantities(f"{number} {unit}")]
    assert expected in [q.value for q in read_quantities(f"{number:,} {unit}")]


@given(st.text(max_size=150))
def test_any_text_is_read_without_error(text: str) -> None:
    read_quantities(text)


@pytest.mark.parametrize("piece", ["5 km ", "1h", "$", "5'", "km/", "about ", "1 h 30 min ", "5 to ", "half an "])
def test_hostile_texts_take_little_time(piece: str) -> None:
    start = time.process_time()
    for length in (100, 119, 20_000):
        read_quantities((piece * (length // len(piece) + 1))[:length])
    assert time.process_time() - start < 2.0
