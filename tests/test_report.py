from __future__ import annotations

import dataclasses
import html.parser
import itertools
import json
import re
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from results_builder import EXAMPLES, TIERS, made_up_curve, made_up_point, made_up_result

from negbank.errors import BenchmarkError
from negbank.report import Compared, Point, Probe, Result, from_json, to_json, without_losses, words
from negbank.report.canvas import spaced
from negbank.report.page import page
from negbank.report.plots import plots
from negbank.report.tables import (
    as_markdown,
    comparison_table,
    curve_table,
    curves,
    markdown,
    reference_table,
    tables,
    training_table,
    weight_table,
)

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e$x^2$ | `a` ]]> &amp; \ud800\x00 http://evil.example ![x](y) \n# h"


def compared(**changes: Any) -> Compared:
    values: dict[str, Any] = {
        "left": "likra", "right": "sft", "tier": None, "examples": 512, "measure": "acc_norm", "difference": 0.123,
        "low": 0.091, "high": 0.154, "p": 0.0000999,
    }  # fmt: skip
    return Compared(**{**values, **changes})


def hostile_result() -> Result:
    """Every text that is not one of ours is a stranger's."""
    result = made_up_result(TIERS)
    return dataclasses.replace(
        result,
        version=HOSTILE,
        manifest=HOSTILE,
        command=HOSTILE,
        started=HOSTILE,
        negbank=HOSTILE,
        recipe={HOSTILE: HOSTILE},
        base=dataclasses.replace(result.base, name=HOSTILE, revision=HOSTILE, architecture=HOSTILE, weights=HOSTILE),
        machine={HOSTILE: HOSTILE},
        packages={HOSTILE: HOSTILE},
        evaluation=dataclasses.replace(result.evaluation, source=HOSTILE, revision=HOSTILE),
        references=tuple(dataclasses.replace(r, base=HOSTILE, source=HOSTILE) for r in result.references),
        notices=(HOSTILE,),
    )


# The result and its JSON


@pytest.mark.parametrize("tiers", [("near-miss",), TIERS])
def test_a_result_survives_json(tiers: tuple[str, ...]) -> None:
    result = made_up_result(tiers)
    text = to_json(result)
    assert from_json(text) == result and to_json(from_json(text)) == text
    assert from_json(text.encode()) == result


def test_texts_of_strangers_survive_json_and_can_be_written_to_a_file() -> None:
    text = to_json(hostile_result())
    assert from_json(text.encode("utf-8")) == hostile_result()


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of JSON data, but what lies in mappings of free keys."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    free = path and path[-1] in ("recipe", "machine", "packages")
    return [path] + ([] if free else [place for key, value in inside for place in places(value, (*path, key))])


RECORD = json.loads(to_json(made_up_result()))
PLACES = [place for place in places(RECORD) if place]


def changed(place: tuple[Any, ...], change: Any) -> str:
    data = json.loads(json.dumps(RECORD))
    parent = data
    for key in place[:-1]:
        parent = parent[key]
    change(parent, place[-1])
    return json.dumps(data)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PLACES))
def test_a_value_of_another_type_is_refused_wherever_it_stands(place: tuple[Any, ...]) -> None:
    def spoil(parent: Any, key: Any) -> None:
        parent[key] = [[None]] if not isinstance(parent[key], list) else "x"

    with pytest.raises(BenchmarkError) as caught:
        from_json(changed(place, spoil), "r.json")
    name = place[-1] if isinstance(place[-1], str) else f"[{place[-1]}]"
    assert str(name) in str(caught.value) and "r.json" in str(caught.value)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([place for place in PLACES if isinstance(place[-1], str)]))
def test_an_unknown_key_is_refused_wherever_it_stands(place: tuple[Any, ...]) -> None:
    def add(parent: Any, key: Any) -> None:
        parent["odd"] = 1

    with pytest.raises(BenchmarkError, match=r"odd is no key that is known here"):
        from_json(changed(place, add))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("curve", 3, "accuracy"), 1.2, r"\.curve\[3\]\.accuracy is 1\.2, where a number from 0 to 1"),
        (("curve", 3, "accuracy"), float("nan"), r"\.curve\[3\]\.accuracy is nan, which is no finite number"),
        (("curve", 3, "low"), 0.99, r"curve\[3\] has an interval from 0\.99"),
        (("curve", 0, "system"), "lirka", r"did you mean 'likra'"),
        (("schema",), 2, r"is of schema 2, and this negbank reads 1; run the benchmark again"),
        (("kind",), "glow", r"\.kind is 'glow'"),
    ],
)
def test_values_that_mean_nothing_are_refused(place: tuple[Any, ...], value: Any, message: str) -> None:
    with pytest.raises(BenchmarkError, match=message):
        from_json(changed(place, lambda parent, key: parent.__setitem__(key, value)))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, b"\xff", "[]", "null", "1" * 5000])
def test_what_is_no_result_is_refused(text: str | bytes) -> None:
    with pytest.raises(BenchmarkError):
        from_json(text)


def test_a_loss_that_is_no_number_is_not_written() -> None:
    broken = made_up_result(elapsed_s=float("nan"))
    with pytest.raises(BenchmarkError, match="a number that is none"):
        to_json(broken)


def test_a_version_s_record_needs_no_loss_of_every_step() -> None:
    result = made_up_result()
    short = without_losses(result)
    assert [run.loss_nats for run in short.training] == [run.loss_nats[-1:] for run in result.training]
    assert len(to_json(short)) < len(to_json(result))
    assert dataclasses.replace(short, training=result.training) == result


def test_lines_come_in_their_order_with_ascending_points() -> None:
    result = made_up_result(TIERS)
    result = dataclasses.replace(result, curve=result.curve[::-1])
    assert [system for system, _ in result.lines] == ["base", "sft", *["base-likra"] * 3, *["likra"] * 3]
    assert [point.examples for point in result.points("likra", "irrelevant")] == list(EXAMPLES)
    assert {point.measure for point in result.points("sft")} == {"acc_norm"}
    assert {point.measure for point in result.points("sft", measure="acc")} == {"acc"}


# What it says


def test_a_comparison_in_words() -> None:
    assert words.sentence(compared(), 0.95) == (
        "Likra beats SFT by 12.3 points (95% interval 9.1 to 15.4, p = 0.0001) at 512 examples"
    )
    behind = compared(difference=-0.123, low=-0.154, high=-0.091)
    assert words.sentence(behind, 0.95) == (
        "Likra falls behind SFT by 12.3 points (95% interval 9.1 to 15.4, p = 0.0001) at 512 examples"
    )
    alike = compared(difference=0.004, low=-0.012, high=0.02, p=0.62, tier="irrelevant")
    assert words.sentence(alike, 0.95) == (
        "Likra against SFT: no difference shown (0.4 points, 95% interval -1.2 to 2.0, p = 0.62) "
        "at 512 examples (irrelevant)"
    )


@pytest.mark.parametrize(
    ("low", "high", "p", "shown"),
    [(0.01, 0.2, 0.01, True), (-0.2, -0.01, 0.01, True), (-0.01, 0.2, 0.01, False), (0.01, 0.2, 0.06, False)],
)
def test_a_difference_is_shown_where_interval_and_test_say_so(low: float, high: float, p: float, shown: bool) -> None:
    assert compared(low=low, high=high, p=p).shown is shown


def test_p_in_words() -> None:
    said = [words.p_text(p) for p in (0.6234, 0.0123, 0.00123, 0.0000999, 0.00001, 1.0)]
    assert said == ["p = 0.62", "p = 0.01", "p = 0.0012", "p = 0.0001", "p < 0.0001", "p = 1.00"]


def test_the_verdict_where_likra_wins() -> None:
    assert words.verdict(made_up_result()) == (
        "Likra, trained on 512 right and 512 wrong answers (near-miss), answers 79.7% of 1,172 questions right, "
        "12.3 points more than SFT (95% interval 9.2 to 15.4, p = 0.0001)."
    )


def test_the_verdict_where_nothing_is_shown_or_likra_loses() -> None:
    alike = compared(tier="near-miss", difference=0.004, low=-0.012, high=0.02, p=0.62)
    said = words.verdict(made_up_result(comparisons=(alike,)))
    assert "; no difference from SFT is shown (95% interval -1.2 to 2.0, p = 0.62)." in said and "more" not in said
    worse = compared(tier="near-miss", difference=-0.05, low=-0.08, high=-0.02)
    assert "5.0 points less than SFT (95% interval 2.0 to 8.0" in words.verdict(made_up_result(comparisons=(worse,)))


def test_the_verdict_is_about_likra_against_sft_at_the_last_point_of_the_main_tier() -> None:
    early = compared(tier="near-miss", examples=64, difference=0.5)
    other = compared(tier="irrelevant", difference=0.4)
    per_answer = compared(tier="near-miss", measure="acc", difference=0.3)
    against_base = compared(tier="near-miss", right="base", difference=0.2)
    chosen = compared(tier="near-miss", difference=0.1)
    result = made_up_result(TIERS, comparisons=(early, other, per_answer, against_base, chosen))
    assert words.deciding(result) is chosen
    without = dataclasses.replace(result, comparisons=(other, against_base))
    assert words.deciding(without) is against_base


def test_the_verdict_without_comparison_and_without_anything() -> None:
    said = words.verdict(made_up_result(comparisons=()))
    assert said.startswith("Likra, trained on 512 right and 512 wrong answers (near-miss), answers 79.7%")
    assert said.endswith("guessing gets 25.0%). It was compared with nothing.")
    assert words.verdict(made_up_result(comparisons=(), curve=())) == "Nothing was measured."
    only_base = (made_up_point("base", None, 0, 0.6),)
    assert "Base, without training, answers 60.0%" in words.verdict(made_up_result(comparisons=(), curve=only_base))


def test_the_verdict_says_what_clouds_it() -> None:
    probe = Probe("likra", "near-miss", 512, 0.5, 0.47, 0.53, 0.25, True)
    said = words.verdict(made_up_result(contamination=0.2, probe=probe))
    assert "20.0% of the negatives were replaced by right answers" in said and "told apart by style" in said


def test_the_probe_in_words() -> None:
    probe = Probe("likra", "near-miss", 512, 0.5, 0.47, 0.53, 0.25, True)
    assert "Likra gets 50.0% (95% interval 47.0 to 53.0) where guessing gets 25.0%" in words.probe_sentence(probe, 0.95)
    assert "told apart by style" in words.probe_sentence(probe, 0.95)
    assert "tells little" in words.probe_sentence(dataclasses.replace(probe, told_apart_by_style=False), 0.95)


# Tables


def test_the_curve_s_table_has_every_system_at_every_point() -> None:
    table = curve_table(made_up_result(TIERS))
    assert table.columns[:4] == ("examples", "Base", "SFT", "Base-Likra, near-miss") and len(table.columns) == 9
    assert [row[0] for row in table.rows] == ["0", *(str(count) for count in EXAMPLES)]
    assert table.rows[0][1:3] == ("60.0 (57.2 to 62.8)", "")
    assert table.rows[-1][2] == "63.5 (60.7 to 66.3)" and "" not in table.rows[-1][2:]
    assert curve_table(made_up_result()).columns == ("examples", "Base", "SFT", "Base-Likra", "Likra")
    assert curve_table(made_up_result(), "acc").rows[0][1].startswith("56.0")


def test_the_other_tables() -> None:
    result = made_up_result()
    assert [row[0] for row in weight_table(result).rows][:4] == ["0", "0.1", "0.2", "0.3"]
    assert comparison_table(result).rows[1] == (
        "Likra - SFT", "near-miss", "512", "+12.3", "+9.2 to +15.4", "0.0001", "yes",
    )  # fmt: skip
    assert reference_table(result).rows[2][:4] == ("Likra", "acc_norm", "79.7 (77.4 to 82.0) at 512", "81.2")
    assert training_table(result).rows[1] == ("negative", "near-miss", "0", "512", "9,216", "1.940", "62", "8.3")
    assert len(tables(result)) == 6
    bare = made_up_result(weights=(), shift=(), comparisons=(), references=(), training=())
    assert [table.title for table in tables(bare)] == [curve_table(bare).title]


def test_every_row_has_every_column() -> None:
    for result in (made_up_result(), made_up_result(TIERS), hostile_result()):
        for table in tables(result):
            assert {len(row) for row in table.rows} == {len(table.columns)}


def test_a_card_s_plot_has_a_curve_a_system() -> None:
    found = curves(made_up_result())
    assert [system for system, _ in found] == ["Base", "SFT", "Base-Likra", "Likra"]
    assert found[1][1][-1] == (512, pytest.approx(0.635))


def test_markdown_for_a_card_shows_strangers_texts_without_effect() -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown(hostile_result()))
    inline = [child for token in tokens for child in token.children or []]
    assert {child.type for child in inline} <= {"text", "softbreak", "code_inline", "strong_open", "strong_close"}
    assert not [token for token in tokens if token.type in ("html_block", "heading_open", "fence")]
    assert sum(token.type == "table_open" for token in tokens) == 2
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e\ud800]", markdown(hostile_result()))


def test_markdown_says_how_it_was_measured() -> None:
    text = markdown(made_up_result(seeds=(0, 1, 2)))
    assert text.startswith(f"**{words.verdict(made_up_result())}**")
    for part in ("25 shots (per-question)", "and 3 runs", "`arc@v3`", "- Likra beats SFT", "guessing gets 25.0%"):
        assert part in text
    assert as_markdown(curve_table(made_up_result())) in text


# Plots


@pytest.fixture(scope="module")
def drawn() -> dict[str, Any]:
    return {plot.name: plot for plot in plots(made_up_result(TIERS))}


def test_what_there_is_gets_a_plot(drawn: dict[str, Any]) -> None:
    assert list(drawn) == ["curve", "tiers", "weights", "shift"]
    assert [plot.name for plot in plots(made_up_result(weights=(), shift=()))] == ["curve"]
    assert plots(made_up_result(curve=made_up_curve(TIERS)[:1], weights=(), shift=())) == ()


def test_files_are_well_formed_and_carry_no_date(drawn: dict[str, Any]) -> None:
    for plot in drawn.values():
        root = xml.etree.ElementTree.fromstring(plot.svg)
        assert root.tag.endswith("svg") and plot.png.startswith(b"\x89PNG\r\n\x1a\n")
        assert not re.search(rb"20\d\d-\d\d|[Mm]atplotlib v|Software", plot.svg + plot.png)
        assert xml.etree.ElementTree.fromstring(plot.inline).get("viewBox")


def test_names_of_lines_are_texts_in_the_svg(drawn: dict[str, Any]) -> None:
    texts = [element.text for element in xml.etree.ElementTree.fromstring(drawn["curve"].svg).iter() if element.text]
    for name in ("Likra, near-miss", "Base-Likra, unrelated", "SFT", "Base", "guessing", "Likra, reference", "512"):
        assert name in texts
    assert "arc@v3 on mistralai/Mistral-7B-v0.1; 1,172 questions, 25 shots" in texts


def test_plots_on_one_page_share_no_id_and_take_its_ink(drawn: dict[str, Any]) -> None:
    ids = [name for plot in drawn.values() for name in re.findall(r'\bid="([^"]+)"', plot.inline)]
    assert len(ids) == len(set(ids)) > 100
    for plot in drawn.values():
        named = set(re.findall(r'\bid="([^"]+)"', plot.inline))
        used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', plot.inline))
        assert used and used <= named
        assert "currentColor" in plot.inline and "#ffffff" not in plot.inline and "heading" not in plot.inline


def test_references_of_another_base_are_not_drawn() -> None:
    result = made_up_result()
    foreign = tuple(dataclasses.replace(r, base="someone/else") for r in result.references)
    (curve, *_) = plots(dataclasses.replace(result, references=foreign, weights=(), shift=()))
    assert "reference" not in curve.inline


DRAW = """
import hashlib, sys
sys.path[:0] = sys.argv[1:2]
from results_builder import TIERS, made_up_result
from negbank.report.page import page
from negbank.report.plots import plots
result = made_up_result(TIERS)
drawn = plots(result)
print(hashlib.sha256(b"".join(p.svg + p.png for p in drawn) + page(result, drawn).encode()).hexdigest())
"""


def test_the_same_result_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    """Whatever a user's matplotlibrc says, and in whatever order Python's sets come."""
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nlines.linewidth: 9\nsvg.fonttype: path\naxes.grid: False\n")
    found = []
    for seed, folder in (("1", None), ("2", tmp_path)):
        environment = {"PYTHONHASHSEED": seed, "PATH": "", "MPLCONFIGDIR": str(tmp_path / f"config-{seed}")}
        if folder:
            environment["MATPLOTLIBRC"] = str(folder)
        done = subprocess.run(
            [sys.executable, "-c", DRAW, str(Path(__file__).parent)],
            capture_output=True, text=True, env=environment, cwd=Path(__file__).parents[1],
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found.append(done.stdout)
    assert found[0] == found[1] and len(found[0]) == 65


LEAVES = """
import sys
sys.path[:0] = sys.argv[1:2]
import matplotlib
matplotlib.rcParams["font.size"] = 31
before = repr(matplotlib.rcParams.copy())
from results_builder import made_up_result
from negbank.report.plots import plots
plots(made_up_result())
assert repr(matplotlib.rcParams.copy()) == before
assert "matplotlib.pyplot" not in sys.modules
"""


def test_drawing_leaves_matplotlib_as_it_was_and_opens_no_window() -> None:
    command = [sys.executable, "-c", LEAVES, str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stderr


def one_point(system: str, tier: str | None, examples: int, accuracy: float, **changes: Any) -> Point:
    return made_up_point(system, tier, examples, accuracy, **changes)


@pytest.mark.parametrize(
    "curve",
    [
        (one_point("sft", None, 16, 0.5),),
        (one_point("likra", "unrelated", 16, 1.0), one_point("base", None, 0, 0.0)),
        (one_point("base", None, 0, 0.3), one_point("base-likra", "near-miss", 7, 0.0)),
        tuple(one_point("likra", "near-miss", 2**power, 0.5) for power in range(22)),
        tuple(one_point("likra", "near-miss", count, 0.5) for count in (4096, 6615, 6616)),
    ],
)
def test_curves_of_any_shape_can_be_drawn(curve: tuple[Point, ...]) -> None:
    result = made_up_result(curve=curve, weights=(), shift=(), comparisons=())
    (plot,) = plots(result)
    assert xml.etree.ElementTree.fromstring(plot.svg) is not None
    assert page(result, (plot,))


def test_texts_of_strangers_are_drawn_without_effect() -> None:
    for plot in plots(hostile_result()):
        xml.etree.ElementTree.fromstring(plot.svg)
        assert b"<script" not in plot.svg and "<script" not in plot.inline


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.3))
def test_labels_lie_apart_within_the_axes_in_their_lines_order(places: list[float], gap: float) -> None:
    found = spaced(places, gap, 0.0, 1.0)
    apart = min(gap, 1.0 / max(1, len(places) - 1))
    order = sorted(range(len(places)), key=lambda place: places[place])
    heights = [found[place] for place in order]
    assert all(after - before >= apart - 1e-9 for before, after in itertools.pairwise(heights))
    assert min(found) >= -1e-9 and max(found) <= 1 + 1e-9


def test_labels_that_have_room_stay_where_they_are() -> None:
    assert spaced([0.9, 0.1, 0.5], 0.1, 0, 1) == pytest.approx([0.9, 0.1, 0.5])
    assert spaced([0.5, 0.5], 0.1, 0, 1) == pytest.approx([0.45, 0.55])
    assert spaced([0.0, 0.0], 0.1, 0, 1) == pytest.approx([0.0, 0.1])


# The page


class Outline(html.parser.HTMLParser):
    """The elements of a page, in order, and whether they close as they open."""

    EMPTY = ("meta", "br", "img", "link")

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data.strip()))


@pytest.fixture(scope="module")
def written(drawn: dict[str, Any]) -> str:
    return page(made_up_result(TIERS), tuple(drawn.values()))


def test_the_page_opens_with_the_verdict_and_goes_on_in_order(written: str) -> None:
    outline = Outline(written)
    assert not outline.open
    paragraphs = [text for tag, text in outline.texts if tag == "p"]
    assert paragraphs[0] == words.verdict(made_up_result(TIERS))
    assert [text for tag, text in outline.texts if tag == "h2"] == [
        "Learning curve", "Compared", "Tiers", "Weight of the negative head", "Likelihood shift",
        "Without the question", "How it was run", "How to run it again",
    ]  # fmt: skip
    assert sum(tag == "svg" for tag, _ in outline.tags) == 4
    assert ("code", "negbank benchmark arc@v3 --likra --sft --shots 25") in outline.texts


def test_the_page_needs_nothing_else(written: str) -> None:
    outline = Outline(written)
    assert not {tag for tag, _ in outline.tags} & {"script", "link", "iframe", "object", "img", "form", "base"}
    for _, attributes in outline.tags:
        for name, value in attributes.items():
            if name in ("src", "href", "xlink:href"):
                assert value and value.startswith("#")
            assert not name.startswith("on")
    assert "@import" not in written and "default-src 'none'" in written
    assert not re.search(r"url\((?!#)", written)
    assert "prefers-color-scheme: dark" in written


def test_a_page_of_little_has_no_empty_sections() -> None:
    result = made_up_result(
        weights=(), shift=(), comparisons=(), references=(), training=(), probe=None, notices=(), recipe={}
    )
    outline = Outline(page(result, ()))
    titles = [text for tag, text in outline.texts if tag == "h2"]
    assert titles == ["Learning curve", "How it was run", "How to run it again"]


def test_texts_of_strangers_have_no_effect_on_the_page() -> None:
    result = hostile_result()
    text = page(result, plots(result))
    outline = Outline(text)
    assert not outline.open
    assert not {"script", "img"} & {tag for tag, _ in outline.tags}
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e\ud800]", text)
    assert text.encode("utf-8")
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 10


def test_the_page_says_what_is_particular_of_a_run() -> None:
    result = made_up_result(contamination=0.1, seeds=(3, 5))
    result = dataclasses.replace(result, evaluation=dataclasses.replace(result.evaluation, dropped_shots=40))
    text = page(result, ())
    for part in ("40 did not fit the model", "and 2 runs", "<dd>3, 5</dd>", "10.0% of the negatives were replaced"):
        assert part in text


def test_reading_a_result_does_not_load_matplotlib() -> None:
    code = "import sys, negbank.report, negbank.report.tables; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1]).returncode == 0
