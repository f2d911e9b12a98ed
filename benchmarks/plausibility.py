"""How well tiers are told apart on held-out ARC-Challenge: `python -m benchmarks.plausibility`.

Needs NEGBANK_HUB_MIRROR. `--fit` fits first and writes the shipped `negbank/plausibility/coefficients.json`;
`--transfer` measures other sources and another encoder too. Fitted on ARC-Easy and ARC-Challenge train, with endings
of HellaSwag's validation items 0 to 1499; tested on ARC-Challenge test, with endings of items 1500 to 2999: for each
question one wrong choice, one wrong choice (or right answer) of another question, and one ending. The background is
the training questions or the test's own.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from benchmarks.machine import commit, describe_machine, describe_versions, now
from negbank.encode import embed, find_model, load_encoder
from negbank.plausibility import PAIR_FEATURES, Background, PlausibilityModel, features, fit
from negbank.records import TIERS, TextVectors
from negbank.terms import DEFAULT_ENCODER

RESULTS = Path(__file__).parent / "results"
SHIPPED = Path(__file__).parent.parent / "negbank" / "plausibility" / "coefficients.json"
FIT_SEED, TEST_SEED = 1000, 2000
NOTHING = pl.DataFrame(schema={"question": pl.String, "answer": pl.String})
"""The background of nothing: what is measured against it are the raw cosines."""


@dataclass(frozen=True)
class Item:
    question: str
    answer: str
    wrong: list[str]


@dataclass(frozen=True)
class Data:
    train: list[Item]
    test: list[Item]
    mmlu: list[Item]
    hellaswag: list[Item]
    endings_fit: list[str]
    endings_test: list[str]


def item(question: str, choices: list[str], right: int) -> Item:
    return Item(question, choices[right], [c for c in choices if c != choices[right]])


def arc(hub: Path, *splits: str) -> list[Item]:
    rows = [r for s in splits for r in pl.read_parquet(hub / f"allenai/ai2_arc/{s}-*.parquet").iter_rows(named=True)]
    items = [item(r["question"], r["choices"]["text"], r["choices"]["label"].index(r["answerKey"])) for r in rows]
    return [i for i in items if i.wrong]


def read(hub: Path) -> Data:
    """Training questions that are test questions too are left out."""
    test = arc(hub, "ARC-Challenge/test")
    known = {i.question for i in test}
    train = [i for i in arc(hub, "ARC-Challenge/train", "ARC-Easy/train", "ARC-Easy/test") if i.question not in known]
    frame = pl.read_parquet(hub / "Rowan/hellaswag/data/validation-*.parquet").head(3000)
    hellaswag = [item(r["ctx"], r["endings"], int(r["label"])) for r in frame.iter_rows(named=True)]
    first, second = ([t for i in half for t in (i.answer, *i.wrong)] for half in (hellaswag[:1500], hellaswag[1500:]))
    exams = pl.read_parquet(hub / "cais/mmlu/all/test-*.parquet").sample(3000, seed=0)
    mmlu = [item(r["question"], r["choices"], r["answer"]) for r in exams.iter_rows(named=True)]
    seen = set(first)
    return Data(train, test, [i for i in mmlu if i.wrong], hellaswag, first, [t for t in second if t not in seen])


def draw(items: list[Item], elsewhere: list[str], seed: int, right: bool = False) -> pl.DataFrame:
    """Three rows a question, one a tier; `right`: the irrelevant one is another question's right answer."""
    rng = np.random.default_rng(seed)
    rows = []
    for own in items:
        rows.append((own.question, own.answer, str(rng.choice(own.wrong)), TIERS[0]))
        text = own.answer
        while text == own.answer or text in own.wrong:
            other = items[int(rng.integers(len(items)))]
            text = other.answer if right else str(rng.choice(other.wrong))
        rows.append((own.question, own.answer, text, TIERS[1]))
        rows.append((own.question, own.answer, elsewhere[int(rng.integers(len(elsewhere)))], TIERS[2]))
    return pl.DataFrame(rows, schema=["question", "answer", "negative", "tier"], orient="row")


def background(items: list[Item] | None, vectors: TextVectors, seed: int = 0, limit: int = 2000) -> Background:
    if items is None:
        return Background.of(NOTHING, vectors)
    frame = pl.DataFrame({"question": [i.question for i in items], "answer": [i.answer for i in items]})
    return Background.of(frame, vectors, seed, limit)


def fit_rows(data: Data, vectors: TextVectors) -> tuple[np.ndarray, list[str]]:
    """Features and tiers, against backgrounds without the rows' questions and with them, since both occur."""
    order = np.random.default_rng(FIT_SEED).permutation(len(data.train))
    a, b = ([data.train[i] for i in part] for part in np.array_split(order, 2))
    plan = [(a, b, False), (b, a, False), (data.train, data.train, False)] * 2 + [(data.train, data.train, True)]
    values, tiers = [], []
    for k, (items, source, right) in enumerate(plan):
        rows = draw(items, data.endings_fit, FIT_SEED + k, right)
        values.append(features(rows, vectors, background(source, vectors, k)))
        tiers += rows["tier"].to_list()
    return np.vstack(values), tiers


def fit_pair(data: Data, vectors: TextVectors) -> tuple[np.ndarray, list[str]]:
    rows = draw(data.train, data.endings_fit, FIT_SEED)
    return features(rows, vectors, background(None, vectors)), rows["tier"].to_list()


def measure(probabilities: np.ndarray, tiers: Iterable[str]) -> dict[str, float]:
    """Three-way balanced accuracy; AUC of plausibility, near-miss against irrelevant and against both; calibration."""
    truth = np.array([TIERS.index(t) for t in tiers])
    near, score, own = truth == 0, probabilities[:, 0], truth < 2
    return {
        "balanced_accuracy": balanced_accuracy_score(truth, probabilities.argmax(1)),
        "auc_irrelevant": roc_auc_score(near[own], score[own]),
        "auc_rest": roc_auc_score(near, score),
        "ece": sum(abs(r["mean"] - r["share"]) * r["rows"] for r in reliability(score, near)) / len(truth),
        "brier": float(np.mean((score - near) ** 2)),
    }


def reliability(score: np.ndarray, near: np.ndarray, bins: int = 10) -> list[dict[str, float]]:
    """For each tenth of the scale: rows, mean plausibility, share of near-misses."""
    place = np.minimum((score * bins).astype(int), bins - 1)
    cells = [(i, place == i) for i in range(bins) if (place == i).any()]
    return [
        {"bin": i, "rows": int(c.sum()), "mean": float(score[c].mean()), "share": float(near[c].mean())}
        for i, c in cells
    ]


def summary(runs: list[dict[str, float]]) -> dict[str, Any]:
    return {
        name: {"mean": round(float(np.mean(values)), 4), "min": round(min(values), 4), "max": round(max(values), 4)}
        for name in runs[0]
        for values in [[float(run[name]) for run in runs]]
    }


def lengths(score: np.ndarray, rows: pl.DataFrame) -> dict[str, float]:
    """Spearman correlation of plausibility and text length in characters, within each tier."""
    characters = rows["negative"].str.len_chars().to_numpy()
    tier = rows["tier"].to_numpy()
    return {t: round(float(spearmanr(score[tier == t], characters[tier == t]).statistic), 3) for t in TIERS}


def held_out(data: Data, vectors: TextVectors, models: dict[str, PlausibilityModel], draws: int) -> dict[str, Any]:
    """Ours in four settings, the pair model, and a plain logistic model on the two cosines."""
    nothing = background(None, vectors)
    rows = draw(data.train, data.endings_fit, FIT_SEED)
    plain = LogisticRegression(max_iter=1000).fit(
        features(rows, vectors, nothing)[:, :2], [TIERS.index(t) for t in rows["tier"]]
    )
    runs: dict[str, list[dict[str, float]]] = {}
    pooled: list[tuple[np.ndarray, pl.DataFrame]] = []
    for seed in range(TEST_SEED, TEST_SEED + draws):
        sources = {"training": background(data.train, vectors, seed), "test": background(data.test, vectors, seed)}
        for kind, right in (("wrong choice", False), ("right answer", True)):
            rows = draw(data.test, data.endings_test, seed, right)
            pair = features(rows, vectors, nothing)
            of = {
                "two cosines, logistic": plain.predict_proba(pair[:, :2]),
                "pair": models["pair"].predict(pair),
                **{
                    f"source, background {s}": models["source"].predict(features(rows, vectors, b))
                    for s, b in sources.items()
                },
            }
            for name, probabilities in of.items():
                runs.setdefault(f"{name}, irrelevant = {kind}", []).append(measure(probabilities, rows["tier"]))
            if not right:
                pooled.append((of["source, background training"][:, 0], rows))
    score, rows = np.concatenate([p for p, _ in pooled]), pl.concat([r for _, r in pooled])
    return {
        "held_out": {name: summary(r) for name, r in runs.items()},
        "reliability": reliability(score, (rows["tier"] == TIERS[0]).to_numpy()),
        "length_spearman": lengths(score, rows),
    }


def sizes(data: Data, vectors: TextVectors, model: PlausibilityModel) -> dict[str, Any]:
    """What a smaller background costs: means over five backgrounds a size."""
    rows = draw(data.test, data.endings_test, TEST_SEED)
    out = {}
    for limit in (128, 256, 512, 1000, 2000, len(data.train)):
        seeds = range(5) if limit < len(data.train) else range(1)
        runs = [
            measure(model.predict(features(rows, vectors, background(data.train, vectors, s, limit))), rows["tier"])
            for s in seeds
        ]
        out[str(limit)] = summary(runs)
    return out


def transfer(data: Data, vectors: TextVectors, layers3: TextVectors, model: PlausibilityModel) -> dict[str, Any]:
    """The shipped coefficients, and ones fitted to half of the other source, on its other half."""
    wrong = [t for i in data.train for t in i.wrong]
    held = [t for i in data.test for t in i.wrong]
    m, h = data.mmlu, data.hellaswag
    exams = [[t for i in half for t in i.wrong] for half in (m[:1500], m[1500:])]
    cases = {
        "ARC, three layers": (layers3, data.train, data.test, data.endings_fit, data.endings_test, data.train),
        "MMLU": (vectors, m[:1500], m[1500:], data.endings_fit, data.endings_test, m),
        "MMLU, three layers": (layers3, m[:1500], m[1500:], data.endings_fit, data.endings_test, m),
        "HellaSwag, ARC unrelated": (vectors, h[:1500], h[1500:], wrong, held, h),
        "ARC, MMLU unrelated": (vectors, data.train, data.test, exams[0], exams[1], data.train),
    }
    out = {}
    for name, (space, ours, theirs, fit_pool, test_pool, source) in cases.items():
        behind, rows, own = (
            background(source, space),
            draw(theirs, test_pool, TEST_SEED),
            draw(ours, fit_pool, FIT_SEED),
        )
        values = features(rows, space, behind)
        fitted = fit(features(own, space, behind), own["tier"].to_list())
        out[name] = {
            "shipped": {k: round(float(v), 4) for k, v in measure(model.predict(values), rows["tier"]).items()},
            "fitted": {k: round(float(v), 4) for k, v in measure(fitted.predict(values), rows["tier"]).items()},
        }
    return out


def three_layers(texts: list[str]) -> TextVectors:
    """Vectors of the shipped encoder cut after its third layer: another encoder, with higher cosines throughout."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(find_model(DEFAULT_ENCODER)), device="cpu")
    model[0].auto_model.encoder.layer = model[0].auto_model.encoder.layer[:3]
    model.max_seq_length = 128
    matrix = model.encode(texts, batch_size=64, normalize_embeddings=True, show_progress_bar=False)
    return TextVectors({t: i for i, t in enumerate(texts)}, matrix.astype(np.float32))


def all_texts(data: Data, wide: bool) -> list[str]:
    items = [*data.train, *data.test, *(data.mmlu if wide else []), *(data.hellaswag if wide else [])]
    texts = [t for i in items for t in (i.question, i.answer, *i.wrong)]
    return sorted({*texts, *data.endings_fit, *data.endings_test})


def timing(data: Data, vectors: TextVectors, model: PlausibilityModel) -> dict[str, float]:
    """Seconds for the background of all training questions and for labelling three negatives for each of them."""
    rows = draw(data.train, data.endings_fit, FIT_SEED)
    started = time.perf_counter()
    behind = background(data.train, vectors)
    middle = time.perf_counter()
    model.predict(features(rows, vectors, behind))
    done = time.perf_counter()
    return {"rows": rows.height, "background_s": round(middle - started, 2), "features_s": round(done - middle, 2)}


def shipped(data: Data, vectors: TextVectors, weights_hash: str) -> dict[str, PlausibilityModel]:
    about = {
        "data": "allenai/ai2_arc ARC-Challenge train, ARC-Easy train and test; Rowan/hellaswag validation items 0-1499",
        "encoder": DEFAULT_ENCODER,
        "weights_hash": weights_hash,
        "command": "python -m benchmarks.plausibility --fit",
        "seed": FIT_SEED,
        "versions": describe_versions("numpy", "scikit-learn"),
    }
    values, tiers = fit_rows(data, vectors)
    pair_values, pair_tiers = fit_pair(data, vectors)
    return {
        "source": fit(values, tiers, about={**about, "rows": len(tiers)}),
        "pair": fit(pair_values, pair_tiers, PAIR_FEATURES, about={**about, "rows": len(pair_tiers)}),
    }


def write_shipped(models: dict[str, PlausibilityModel], held: dict[str, Any]) -> None:
    kept = {}
    for name, model in models.items():
        metrics = {
            setting.removeprefix(f"{name}, "): {metric: values["mean"] for metric, values in found.items()}
            for setting, found in held.items()
            if setting.startswith(f"{name},")
        }
        data = model.to_json()
        kept[name] = {**data, "about": {**data["about"], "held_out_arc_challenge": metrics}}
    SHIPPED.write_text(json.dumps({"models": kept}) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="fit and write negbank/plausibility/coefficients.json")
    parser.add_argument("--transfer", action="store_true", help="other sources and another encoder too")
    parser.add_argument("--draws", type=int, default=5)
    options = parser.parse_args()
    data = read(Path(os.environ["NEGBANK_HUB_MIRROR"]))
    encoder = load_encoder(precision="fp32")
    vectors = embed(all_texts(data, options.transfer), encoder)
    if options.fit:
        models = shipped(data, vectors, encoder.weights_hash)
    else:
        models = {name: PlausibilityModel.load(name) for name in ("source", "pair")}
    results = held_out(data, vectors, models, options.draws)
    results["background_size"] = sizes(data, vectors, models["source"])
    results["timing"] = timing(data, vectors, models["source"])
    if options.fit:
        write_shipped(models, results["held_out"])
    report = {
        "benchmark": "plausibility", "date": now(), "commit": commit(), "machine": describe_machine(),
        "versions": describe_versions("numpy", "scikit-learn", "polars", "torch", "sentence-transformers"),
        "encoder": {"name": encoder.name, "weights_hash": encoder.weights_hash},
        "questions": {"train": len(data.train), "test": len(data.test)}, "draws": options.draws, "results": results,
    }  # fmt: skip
    write(report, "plausibility-arc.json")
    if options.transfer:
        found = transfer(data, vectors, three_layers(all_texts(data, True)), models["source"])
        write({**report, "results": found}, "plausibility-transfer.json")


def write(report: dict[str, Any], name: str) -> None:
    (RESULTS / name).write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["results"], indent=1))


if __name__ == "__main__":
    main()
