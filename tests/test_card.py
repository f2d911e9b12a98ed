from __future__ import annotations

import dataclasses
import unicodedata
import xml.etree.ElementTree
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from negbank.cards import (
    CardFacts,
    CardFile,
    Distribution,
    HistoryLine,
    Reading,
    TierFacts,
    ValidationFacts,
    card,
    licenses_of,
)
from negbank.cards.metadata import size_category
from negbank.cards.plots import sparkline
from negbank.cards.text import block, clean, code, plain
from negbank.licenses import KNOWN, combine
from negbank.sources import SOURCES

MANIFEST = "4f2c" * 16
MARKDOWN = MarkdownIt("commonmark").enable("table")

HOSTILE = [
    "\n---\nlicense: evil\n---\n# heading",
    "<script>alert(1)</script><img src=x onerror=y><!-- ",
    "![x](http://evil.example/x.png) [y](javascript:z) <http://evil.example> http://evil.example www.evil.example",
    "| a | b |\n|---|---|\n| \\| c |",
    "$rows ${dataset} $$ x^2 $$ \\(y\\)",
    "\x1b[31m red \x07\x00\x9b",
    "\u202etxt.exe\u2066 \u200b\ufeff\u2028\u2029",
    "``` `` ` ~~~\n```\n~~~\n`",
    "- item\n> quote\n1. one\n    code\n\n***bold*** _x_ &lt;b&gt; \\",
    "]]></text><script/>&amp;\ufffe\ud800",
    "@user #1 :smile: {% x %} {{ y }}",
    "word " * 2_000_000,
]


def spread(low: float = 0.0) -> Distribution:
    return Distribution(0.125, 0.5, 0.875, (*range(19), 80), low, 1.0)


def mined(text: str | None = None, **changes: Any) -> dict[str, Any]:
    """What `mine` records of ARC, with `text` wherever a stranger could put one."""
    record = {
        "source": text or "arc",
        "revision": text or "210d026",
        "license": text or "cc-by-sa-4.0",
        "questions": 1119,
        "evaluation_questions": 1172,
        "pool": text or "hellaswag",
        "pool_revision": text or "218ec52",
        "pool_license": text or "mit",
        "encoder": {"name": text or "all-MiniLM-L6-v2", "weights_hash": text or "53aa51", "fingerprint": "x"},
        "parameters": {"split": text or "train"},
        "seed": 7,
        "refused": {text or "odd": 2},
        "negbank": text or "0.1.0",
        "generator": text or "something else",
    }
    return {**record, **changes}


def tier(name: str = "near-miss", record: dict[str, Any] | None = None, text: str = "hot") -> TierFacts:
    example = {"question": text, "answer": text, "negative": text}
    return TierFacts(name, 3, 2, spread(-1.0), spread(), (example,) * 2, mined() if record is None else record)


def facts(*tiers: TierFacts, **changes: Any) -> CardFacts:
    tiers = tiers or (tier(),)
    files = tuple(CardFile(f"data/{t.tier}/train-0.parquet", t.tier, "train", t.rows, 100) for t in tiers)
    history = (HistoryLine("v3", "2025-11-21T08:00:00Z", "Ada", "more of them"),)
    whole = CardFacts("arc", "v3", MANIFEST, None, files, tiers, 2, history)
    return dataclasses.replace(whole, **changes)


def hostile(text: str) -> CardFacts:
    validation = ValidationFacts(
        text, ((text, text),), ((text, (text, text), ((text, text),)),), ((text, ((64, 0.63),)),)
    )
    return facts(
        tier(text, mined(text), text),
        dataset=text,
        repo=text,
        files=facts().files,  # the registry gives and checks their names
        history=(HistoryLine("v3", text, text, text),),
        readings=(Reading(text, 60, 1, text, 1, text),),
        validation=validation,
    )


def metadata(text: str) -> dict[str, Any]:
    _, front, _ = text.split("---\n", 2)
    return dict(yaml.safe_load(front))


def structure(text: str) -> list[tuple[str, str, Any]]:
    """Every element of the rendered card with its target, in order; what code says is left out."""
    found = []
    for token in MARKDOWN.parse(text.split("---\n", 2)[2]):
        for part in (token, *(token.children or ())):
            found.append((part.type, part.tag, part.attrs.get("href") or part.attrs.get("src")))
    return found


def test_metadata_is_what_the_hub_and_datasets_read() -> None:
    written = card(facts(tier(), tier("irrelevant"), repo="me/arc"))
    read = metadata(written.text)
    assert {key: read[key] for key in list(read)[:9]} == {
        "language": ["en"],
        "source_datasets": ["Rowan/hellaswag", "allenai/ai2_arc"],
        "license": "cc-by-sa-4.0",
        "pretty_name": "arc: wrong answers",
        "size_categories": ["n<1K"],
        "task_categories": ["multiple-choice", "question-answering"],
        "annotations_creators": ["machine-generated"],
        "tags": ["negbank", "hard-negatives", "wrong-answers"],
        "configs": [
            {
                "config_name": name,
                **({"default": True} if name == "all" else {}),
                "data_files": [{"split": "train", "path": [f"data/{t}/train-0.parquet" for t in tiers]}],
            }
            for name, tiers in (
                ("near-miss", ["near-miss"]),
                ("irrelevant", ["irrelevant"]),
                ("all", ["near-miss", "irrelevant"]),
            )
        ],
    }
    assert [info["splits"][0]["num_examples"] for info in read["dataset_info"]] == [3, 3, 6]
    assert {(i["version"], i["description"]) for i in read["dataset_info"]} == {("3.0.0", f"arc@v3 {MANIFEST}")}
    assert 'load_dataset("me/arc", "near-miss", split="train")' in written.text


def test_the_hub_s_own_reader_takes_the_metadata() -> None:
    from huggingface_hub import DatasetCard

    text = card(hostile(HOSTILE[0])).text
    assert DatasetCard(text).data.to_dict() == metadata(text)


def test_language_and_sources_are_left_out_where_they_are_not_known() -> None:
    own_file = tier(record=mined(license=None))  # arc.jsonl, a file that happens to bear the benchmark's name
    for unknown in (facts(own_file), facts(tier(), tier("irrelevant", {}))):
        read = metadata(card(unknown).text)
        assert not {"language", "source_datasets"} & set(read)
        assert read["license"] == "unknown"


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (10**7, "10M<n<100M"),
        (10**12 - 1, "100B<n<1T"),
        (10**12, "n>1T"),
    ],
)
def test_size_categories(rows: int, name: str) -> None:
    assert size_category(rows) == name


def test_the_same_facts_give_the_same_bytes() -> None:
    assert card(facts()) == card(facts())
    assert card(facts()) != card(facts(manifest="5e" * 32))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_texts_from_data_have_no_effect(text: str) -> None:
    written = card(hostile(text))
    tame = card(hostile("tame ~"))  # as they are, texts stand only where all their characters are harmless
    assert structure(written.text) == structure(tame.text)
    assert list(metadata(written.text)) == list(metadata(tame.text))
    assert metadata(written.text)["license"] == "unknown"
    body = written.text.split("---\n", 2)[2]
    hidden = {c for c in body if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n"}
    assert not hidden
    assert len(written.text.encode()) < 50_000
    for data in written.files.values():
        parsed = xml.etree.ElementTree.fromstring(data.decode())
        names = {element.tag.partition("}")[2] for element in parsed.iter()}
        assert names <= {"svg", "title", "text", "rect", "line", "polyline", "circle"}


def test_what_is_hidden_is_written_out_and_what_is_long_is_cut() -> None:
    assert clean("a\x1b[31m\u202eb") == "a\\x1b[31m\\u202eb"
    assert clean("a\n\n b\t") == "a b"
    assert clean("x" * 300) == "x" * 300
    assert clean("x" * 301) == "x" * 300 + " [cut: 301 characters]"
    assert clean(" " * 5000) == "[cut: 5,000 characters]"
    assert clean(None) == ""


@given(st.text())
def test_a_code_span_holds_any_text(text: str) -> None:
    (paragraph,) = [token for token in MARKDOWN.parse(f"- {code(text)}: x") if token.type == "inline"]
    parts = [(part.type, part.content) for part in paragraph.children or ()]
    assert parts == [("code_inline", clean(text) or "(empty)"), ("text", ": x")]


@given(st.lists(st.lists(st.tuples(st.sampled_from(["right", "wrong"]), st.text()), min_size=1), min_size=1))
def test_a_code_block_holds_any_text(records: list[list[tuple[str, str]]]) -> None:
    assert [token.type for token in MARKDOWN.parse(block(records))] == ["fence"]


def test_rows_that_came_from_elsewhere_have_a_card() -> None:
    text = card(facts(tier(record={}))).text
    assert "- `near-miss`: how it was made is not recorded; the rows came from elsewhere" in text
    assert "What the guards refused, and whether they ran, is not recorded for: `near-miss`" in text
    assert "- `near-miss`: not measured" in text
    assert "no check is recorded" in text
    assert "No licence can be named for the whole" in text
    assert "Not validated yet" in text


@pytest.mark.parametrize("odd", [None, 7, "text", [1], {"a": []}, {"share": 2.0}, {"share": "x"}, float("nan")])
def test_records_of_another_form_are_not_believed(odd: Any) -> None:
    record = dict.fromkeys([*mined(), "added", "refused_rows", "refused_questions", "questions_of", "verified"], odd)
    assert card(facts(tier(record=record), tier("irrelevant"))).text


def test_a_version_without_rows_has_a_card() -> None:
    empty = card(facts(files=(), tiers=(), questions=0, history=()))
    assert "There are no rows." in empty.text
    assert "configs" not in metadata(empty.text)
    assert empty.files == {}


def test_it_says_how_it_was_mined_and_what_was_refused() -> None:
    refused = {"paraphrase": 4321, "evaluation-overlap": 12, "evaluation-near-duplicate": 3}
    parameters = {"columns": {"answer": None, "choices": [], "question": "q"}, "split": None, "expand": 0}
    text = card(facts(tier(record=mined(refused=refused, parameters=parameters)))).text
    for line in (
        "- `near-miss`: the question's own wrong choices",
        "  - source: `arc` at `210d026`\n  - pool: `hellaswag` at `218ec52`\n  - 1,119 questions\n",
        "  - encoder: `all-MiniLM-L6-v2` (weights `53aa51`)\n",
        "  - settings: `columns.question` `q`, `expand` 0\n",
        "  - seed: 7\n  - made by negbank `0.1.0`\n  - `generator` `something else`\n",
    ):
        assert line in text
    assert "| `near-miss` | `paraphrase` | the text is as close to the right answer as a paraphrase | 4,321 |" in text
    assert "compared with 1,172 evaluation questions of `arc`; 12 candidates were refused" in text
    assert "0.12, 0.50, 0.88 | `▁▂▂▂▂▂▂▂▂▂▂▂▃▃▃▃▃▃▃█`" in text
    assert "{" not in text.split("## How it was mined")[1].split("## Citation")[0]


def test_what_is_the_same_for_all_tiers_is_said_once() -> None:
    text = card(facts(tier(), tier("irrelevant", mined(seed=8)))).text
    assert text.count("encoder: `all-MiniLM-L6-v2`") == 1 and "- all tiers:\n  - source: `arc`" in text
    assert "  - seed: 7\n- `irrelevant`" in text and "  - seed: 8\n" in text


def test_rows_that_were_added_say_so() -> None:
    note = {"source": "flagged.jsonl", "license": "mit", "questions_of": "arc", "refused": {"empty": 2}, "negbank": "0"}
    first = card(facts(tier(record=note))).text
    assert "- `near-miss`: wrong answers that came from elsewhere, put in with `negbank add`" in first
    assert (
        "  - source: `flagged.jsonl`\n  - questions of `arc`\n" in first
        and "unknown" not in first.split("## Guards")[0]
    )
    later = card(facts(tier(record=mined(added=[note, note, 7])))).text
    line = (
        "later, wrong answers that came from elsewhere, put in with `negbank add`: source: `flagged.jsonl`; questions"
    )
    assert later.count(line) == 2
    assert "| rows of added files | `empty` | the text is blank | 2 |" in later


def test_chains_say_how_they_were_verified() -> None:
    record = {
        "source": "gsm8k",
        "chains": [{"way": "file", "source": "a.jsonl"}, {"way": "perturbation", "kinds": ["x", "y"]}],
        "parameters": {}, "refused": {"no-final-answer": 3},
        "verified": {"read": 1200, "wrong": 1, "right": 1196, "refused": 3, "first_error": {"arithmetic": 1}},
    }  # fmt: skip
    text = card(facts(tier("erroneous-cot", record))).text
    assert "verified: 1,200 chains read, 1 chain taken as wrong, 1,196 chains found right, 3 chains refused" in text
    assert (
        "  - `chains`: `way` `file`, `source` `a.jsonl`\n  - `chains`: `way` `perturbation`, `kinds` `x`, `y`" in text
    )
    assert "| `erroneous-cot` | `no-final-answer` | the chain comes to no answer | 3 |" in text
    assert "The final answer of every chain was shown to differ" in text and "paraphrase" not in text


def test_false_negatives_are_those_that_somebody_found_in_these_rows() -> None:
    read = Reading("near-miss", 60, 2, "Ada", 1, "one is arguable")
    text = card(facts(tier(), tier("irrelevant"), readings=(read, Reading("near-miss", 1, 1, "Bob")))).text
    section = text.split("## False negatives")[1].split("## Contamination")[0]
    assert "- `near-miss`: of 60 rows read, drawn with seed 1, 2 are right after all: 3.3%, 95% interval " in section
    assert "0.9% to 11.4%; read by `Ada` (one is arguable)." in section  # Wilson's interval of 2 of 60, by hand
    assert "of 1 row read, 1 is right after all: 100.0%, 95% interval 20.7% to 100.0%; read by `Bob`." in section
    assert "- `irrelevant`: not measured" in section
    assert "`negbank show arc@v3 --tier irrelevant --sample 60 --seed 1`" in section


def test_an_estimate_from_other_rows_is_not_shown() -> None:
    old = mined(false_negatives={"share": 0.0125, "low": 0.01, "high": 0.02, "method": "282 rows of ARC"})
    text = card(facts(tier(record=old))).text
    assert "- `near-miss`: not measured" in text
    assert "282" not in text and "1.2%" not in text and "false_negatives" not in text


def test_no_evaluation_set_is_no_check() -> None:
    text = card(facts(tier(record=mined(evaluation_questions=0)))).text
    assert "not checked: the source keeps no evaluation questions apart" in text


def test_it_warns_and_cites() -> None:
    text = card(facts(repo="me/arc_x")).text
    assert "wrong on purpose" in text and "Not for plain supervised fine-tuning" in text
    assert "@misc{arc_v3," in text and "year = {2025}" in text and "me/arc\\_x" in text and "2503.14391" in text


def test_a_validation_is_a_sentence_tables_and_a_plot() -> None:
    curves = (("Likra", ((64, 0.63), (128, 0.76))), ("SFT", ((64, 0.61),)))
    rows = (("64", "63.0 (60.1 to 65.9)"), ("128", ""))
    found = ValidationFacts(
        "Likra answers 76.0% right (p < 0.0001).", (("Base model", "org/a_b at 7231"), ("Command", "negbank x '|'")),
        (("Accuracy in %", ("examples", "Likra, near-miss"), rows),), curves,
    )  # fmt: skip
    written = card(facts(validation=found))
    section = written.text.split("## Validation")[1].split("## Intended use")[0]
    assert "**Likra answers 76.0% right (p < 0.0001).**" in section
    assert "- Base model: org/a_b at 7231\n- Command: `negbank x '¦'`" in section
    assert "| examples | Likra, near-miss |\n| --- | ---: |\n| 64 | 63.0 (60.1 to 65.9) |\n| 128 |  |" in section
    assert "![Accuracy by number of examples](plots/validation.svg)" in section
    assert written.files["plots/validation.svg"].count(b"<polyline") == 2


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=40))
def test_a_text_that_is_shown_as_it_is_has_no_effect(text: str) -> None:
    (paragraph,) = [t for t in MARKDOWN.parse(f"x {plain(text)} x") if t.type == "inline"]
    assert {part.type for part in paragraph.children or ()} <= {"text", "code_inline"}


def test_plots_have_a_bar_a_bin() -> None:
    plot = card(facts(tier(), tier("irrelevant"))).files["plots/plausibility.svg"]
    assert plot.count(b"<rect") == 40
    assert b'height="80.0"' in plot  # the highest bin fills the panel
    assert b'height="18.0"' in plot  # 18 of 80 rows
    assert sparkline((0, 0)) == "▁▁" and sparkline((0, 1, 7)) == "▁▃█" and sparkline(()) == ""


def test_sources_with_terms_are_named_and_the_licence_is_worked_out() -> None:
    text = card(facts()).text
    assert "- `arc`: `cc-by-sa-4.0`\n- `hellaswag`: `mit`" in text
    assert "**The whole is under `cc-by-sa-4.0`:**" in text
    assert "- Share-alike: `arc`" in text


def test_sources_that_do_not_go_together_are_refused() -> None:
    both = facts(tier(record=mined(pool_license="cc-by-nc-4.0")))
    assert licenses_of(both).problem
    text = card(both).text
    assert "**These sources may not be shared as one dataset:**" in text
    assert "- Non-commercial: `hellaswag`" in text
    assert metadata(text)["license"] == "other"
    assert metadata(text)["license_name"] == "licences-of-sources-conflict"


def test_one_name_under_two_licences_hides_neither() -> None:
    two = facts(tier(), tier("irrelevant", mined(license="cc-by-nc-4.0")))
    assert licenses_of(two).non_commercial == ("arc (cc-by-nc-4.0)",)
    assert licenses_of(two).problem


@pytest.mark.parametrize(
    ("licenses", "result"),
    [
        (["mit"], "mit"),
        (["Apache-2.0 "], "apache-2.0"),
        (["mit", "apache-2.0", "cc0-1.0"], "apache-2.0"),
        (["mit", "cc-by-3.0"], "cc-by-3.0"),
        (["cc-by-3.0", "cc-by-4.0"], "cc-by-4.0"),
        (["mit", "cc-by-sa-4.0"], "cc-by-sa-4.0"),
        (["cc-by-sa-3.0"], "cc-by-sa-3.0"),
        (["cc-by-sa-3.0", "cc-by-4.0"], "cc-by-sa-4.0"),
        (["cc-by-2.5", "cc-by-nc-2.0"], "cc-by-nc-3.0"),
        (["cc-by-nc-4.0", "apache-2.0"], "cc-by-nc-4.0"),
        (["cc-by-nc-4.0", "cc-by-nc-sa-3.0"], "cc-by-nc-sa-4.0"),
        (["odbl", "mit"], "odbl"),
        (["odc-by", "cc-by-sa-4.0"], "cc-by-sa-4.0"),
        (["mit", None], None),
        (["mit", "other"], None),
        (["cc-by-sa"], None),
        ([], None),
    ],
)
def test_licences_that_go_together(licenses: list[str | None], result: str | None) -> None:
    combined = combine({str(place): license for place, license in enumerate(licenses)})
    assert combined.license == result
    assert combined.problem is None


@pytest.mark.parametrize(
    "licenses",
    [
        ["cc-by-sa-4.0", "cc-by-nc-4.0"],
        ["cc-by-sa-4.0", "cc-by-nc-sa-4.0"],
        ["cc-by-nd-4.0"],
        ["mit", "cc-by-nc-nd-4.0"],
        ["odbl", "cc-by-sa-4.0"],
        ["odbl", "cc-by-4.0"],
        ["odbl", "cdla-sharing-1.0"],
        ["cc-by-sa-4.0", "cc-by-nc-4.0", None],
    ],
)
def test_licences_that_do_not_go_together(licenses: list[str | None]) -> None:
    combined = combine({str(place): license for place, license in enumerate(licenses)})
    assert combined.license is None
    assert combined.problem and combined.reason == combined.problem
    assert all(license in combined.problem for license in licenses if license not in (None, "mit"))


def test_sources_with_terms_are_listed() -> None:
    combined = combine({"d": "cc-by-nc-sa-4.0", "c": None, "b": "odbl", "a": "mit"})
    assert combined.share_alike == ("b", "d")
    assert combined.non_commercial == ("d",)
    assert combined.unknown == ("c",)


def test_the_licence_of_every_named_source_is_understood() -> None:
    # a licence that the Hub's page does not name is unknown, and `push` asks about it
    assert {source.license for source in SOURCES.values()} - set(KNOWN) == {"unknown"}


LICENSES = st.lists(st.sampled_from([*KNOWN, None]), max_size=6)


@given(LICENSES, st.randoms())
def test_the_order_of_sources_does_not_matter(licenses: list[str | None], random: Any) -> None:
    pairs = [(f"source {place}", license) for place, license in enumerate(licenses)]
    mixed = list(pairs)
    random.shuffle(mixed)
    assert combine(dict(mixed)) == combine(dict(pairs))


@given(LICENSES)
def test_what_is_combined_already_changes_nothing(licenses: list[str | None]) -> None:
    """A dataset made from this one and its own sources has the same licence."""
    sources = {f"source {place}": license for place, license in enumerate(licenses)}
    once = combine(sources)
    again = combine({**sources, **{f"copy of {name}": license for name, license in sources.items()}})
    assert (again.license, again.problem) == (once.license, once.problem)
    if once.license:
        assert once.license in KNOWN
        assert combine({**sources, "result": once.license}).license == once.license
        assert combine({"result": once.license}).license == once.license


@given(LICENSES, st.sampled_from(KNOWN))
def test_another_source_never_lifts_a_term(licenses: list[str | None], more: str) -> None:
    sources = {f"source {place}": license for place, license in enumerate(licenses)}
    before, after = combine(sources), combine({**sources, "more": more})
    assert not before.problem or after.problem
    if after.license and before.share_alike:
        assert combine({"x": after.license}).share_alike
    if after.license and before.non_commercial:
        assert combine({"x": after.license}).non_commercial


def test_a_passage_is_shown_with_its_question() -> None:
    example = {"question": "Who sat?", "context": "The cat sat.", "answer": "the cat", "negative": "the mat"}
    text = card(facts(dataclasses.replace(tier(), examples=(example, {**example, "context": None})))).text
    assert text.count("context   The cat sat.\nquestion  Who sat?") == 1 and text.count("question  Who sat?") == 2
