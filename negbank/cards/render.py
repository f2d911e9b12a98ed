"""The card itself: a template of `cards/`, filled with what `sections` says of a version."""

from __future__ import annotations

import json
import string
from importlib import resources
from pathlib import Path

from negbank.cards import making, measured, sections
from negbank.cards.facts import Card, CardFacts
from negbank.cards.metadata import ALL, all_of, front_matter, tiers_of
from negbank.cards.plots import curves, histograms
from negbank.cards.text import clean, code
from negbank.records import ERRONEOUS_COT
from negbank.terms import counted

PLAUSIBILITY, SIMILARITY, VALIDATION = "plots/plausibility.svg", "plots/similarity.svg", "plots/validation.svg"


def card(facts: CardFacts) -> Card:
    """The README and the plots of a version: metadata that the Hub and `load_dataset` read, then words for a person.

    The same facts give the same bytes. No text from data has an effect in it: values that are put into the template
    are never read as a template again, and every one of them is in a code span, a code block, or escaped.
    """
    files = _plots(facts)
    body = string.Template(_template("dataset.md")).substitute(
        dataset=code(facts.dataset, 100),
        rows=counted(sum(file.rows for file in facts.files), "wrong answer"),
        questions=counted(facts.questions, "question"),
        version=f"{code(facts.version, 40)} (manifest {code(facts.manifest[:12])})",
        **_loading(facts),
        configurations=_configurations(facts),
        chain_columns=sections.CHAIN_COLUMNS if ERRONEOUS_COT in tiers_of(facts) else "",
        tiers=sections.tiers(facts),
        plots=_shown(files, {
            PLAUSIBILITY: "Histogram of plausibility by tier", SIMILARITY: "Histogram of similarity by tier",
        }),
        examples=sections.examples(facts),
        mined=making.mined(facts),
        refusals=measured.refused(facts),
        false_negatives=measured.false_negatives(facts),
        contamination=measured.contamination(facts),
        license=sections.license(facts),
        validation="\n\n".join(filter(None, [
            measured.validation(facts), _shown(files, {VALIDATION: "Accuracy by number of examples"}),
        ])),
        provenance=sections.provenance(facts),
        citation=sections.citation(facts),
    )  # fmt: skip
    return Card(f"{front_matter(facts)}\n{body}", files)


def _loading(facts: CardFacts) -> dict[str, str]:
    """The arguments of `load_dataset` as Python literals."""
    first = facts.files[0] if facts.files else None
    return {
        "place": json.dumps(clean(facts.repo or "PATH", 200)),
        "first_tier": json.dumps(next(iter(tiers_of(facts)), ALL)),
        "split": json.dumps(first.split if first else "train"),
        "hint": "" if facts.repo else "  # PATH: this folder, or its name on the Hub",
    }


def _configurations(facts: CardFacts) -> str:
    if len(all_of(facts)) < len(tiers_of(facts)):
        return (
            f"One configuration a tier, and `all`, which is the default, with every tier but `{ERRONEOUS_COT}`: chains "
            "of thought have columns of their own, and are loaded by the name of their tier."
        )
    return "One configuration a tier, and `all` with every tier, which is the default."


def _plots(facts: CardFacts) -> dict[str, bytes]:
    files = {}
    if facts.tiers:
        files[PLAUSIBILITY] = histograms(
            "plausibility: probability of being a near-miss", [(t.tier, t.plausibility) for t in facts.tiers]
        )
    if compared := [(t.tier, t.similarity) for t in facts.tiers if any(t.similarity.histogram)]:
        files[SIMILARITY] = histograms("similarity: cosine of the negative and the right answer", compared)
    if facts.validation and facts.validation.curves:
        files[VALIDATION] = curves("accuracy by number of examples", facts.validation.curves)
    return files


def _shown(files: dict[str, bytes], alternatives: dict[str, str]) -> str:
    """The images of `files` that `alternatives` has a text for."""
    return "\n\n".join(f"![{text}]({path})" for path, text in alternatives.items() if path in files)


def _template(name: str) -> str:
    """A template of `cards/`: inside the installed package, or beside it in a checkout of the project."""
    packed = resources.files("negbank").joinpath("_cards", name)
    path = packed if packed.is_file() else Path(__file__).parents[2] / "cards" / name
    return path.read_text(encoding="utf-8")
