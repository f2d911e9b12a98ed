"""The README's table of figures, from the results: `python -m benchmarks.table` writes it between its markers."""

from __future__ import annotations

import json
import re
import statistics
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
BEGIN, END = "<!-- figures: benchmarks/table.py -->", "<!-- end of figures -->"

Row = tuple[str, str, str, str]
"""What was measured, the figure, the target, and the file that it came from."""


def results(pattern: str) -> list[tuple[str, dict[str, Any]]]:
    return [(path.name, json.loads(path.read_text())) for path in sorted((HERE / "results").glob(pattern))]


def reached(value: float, target: float, unit: str = "", *, at_most: bool = False) -> str:
    met = value <= target if at_most else value >= target
    return f"{'at most' if at_most else 'at least'} {target:g}{unit}: {'reached' if met else '**not reached**'}"


def encoding() -> list[Row]:
    rows = []
    for name, report in results("encoding-c*.json"):
        for side, target in report["targets"].items():
            if side not in report["results"]:
                continue
            own, peer = report["results"][side], report["results"]["peer"]
            share = own["share_of_peak"][report["precision"]]
            rows.append((
                f"encoding ARC's {report['work']['texts']:,} texts, {side}, {report['precision']}, against "
                "`SentenceTransformer.encode`",
                f"{own['texts_per_s']:,.0f}/s against {peer['texts_per_s']:,.0f}/s: {own['times_the_peer']:.2f}x, "
                f"{share:.0%} of peak, cosine >= {own['min_cosine']:.6f}",
                f"{reached(own['times_the_peer'], target)}", name,
            ))  # fmt: skip
    return rows


def mining() -> list[Row]:
    rows = []
    for name, report in results("mining*.json"):
        ours, peer = report["medians"]["ours"], report["medians"]["peer"]
        job = f"3 of all ARC answers for each of {report['agreement']['questions']:,} questions, against "
        rows += [
            (
                job + "`mine_hard_negatives`",
                f"{ours['elapsed_s']:.1f} s against {peer['elapsed_s']:.1f} s: {report['speedup']:.2f}x",
                reached(report["speedup"], 4), name,
            ),
            (
                "the same, peak memory",
                f"{ours['peak_mb']:,.0f} MB against {peer['peak_mb']:,.0f} MB: {report['memory_share']:.2f}",
                reached(report["memory_share"], 0.5, at_most=True), name,
            ),
            ("the same, questions with the same three", agreement(report["agreement"]), "same", name),
        ]  # fmt: skip
    return rows


def agreement(found: dict[str, Any]) -> str:
    ties, other = found["other_set_but_same_cosines_within_1e-5"], len(found["other_set_and_other_cosines"])
    return f"{found['same_set']:.2%}; of the others {ties} are ties (equal cosines), {other} differ"


def neighbors() -> list[Row]:
    rows = []
    for name, report in results("neighbors-*.json"):
        if "searches" not in report:
            continue
        job, own = report["job"], report["searches"]["negbank"]
        what = f"neighbours, {job['queries']:,} x {job['corpus']:,}, k = {job['k']}, {report['vectors']}"
        for peer, target in (("faiss", 4.0), ("torch", 1.8)):
            theirs, times = report["searches"][peer], report["times_faster"][peer]
            rows.append((
                f"{what}, against {'faiss `IndexFlatIP`' if peer == 'faiss' else 'torch product and top-k'}",
                f"{own['seconds']:.2f} s against {theirs['seconds']:.2f} s: {times:.2f}x, recall "
                f"{report['checked']['negbank']['recall']:g}, {own['share_of_float32_peak']:.0%} of fp32 peak",
                reached(times, target), name,
            ))  # fmt: skip
    return rows


def plausibility() -> list[Row]:
    rows = []
    for name, report in results("plausibility-arc.json"):
        held = report["results"]["held_out"]["source, background training, irrelevant = wrong choice"]
        base = report["results"]["held_out"]["two cosines, logistic, irrelevant = wrong choice"]
        for key, what, target in (
            ("balanced_accuracy", "tier of a negative, held-out ARC-Challenge, three-way balanced accuracy", 0.85),
            ("auc_irrelevant", "the same, near-miss against irrelevant, AUC", 0.96),
        ):
            figure = f"{held[key]['mean']:.3f} (two cosines alone: {base[key]['mean']:.3f})"
            rows.append((what, figure, reached(held[key]["mean"], target), name))
    return rows


REGISTRY = {
    "commit": "commit", "edit": "edit of 1%, scattered", "diff": "diff of the two", "checkout": "checkout",
}  # fmt: skip


def registry() -> list[Row]:
    rows = []
    for name, report in results("registry-[0-9]*.json"):
        steps, many = report["steps"], report["rows"] / 1e6
        for step, what in REGISTRY.items():
            own, limit = steps[step], report["limits_s_per_million"][step] * many
            peers = [f"{peer} {steps[f'{peer}-{step}']['elapsed_s']:.2f} s" for peer in ("delta", "whole")
                     if f"{peer}-{step}" in steps]  # fmt: skip
            beside = f" ({', '.join(peers)})" if peers else ""
            rows.append((
                f"registry, {many:g}M rows, {what}", f"{own['elapsed_s']:.2f} s, {own['peak_mb']:,.0f} MB{beside}",
                f"{reached(own['elapsed_s'], limit, ' s', at_most=True)}; "
                f"{reached(own['peak_mb'], 500, ' MB', at_most=True)}",
                name,
            ))  # fmt: skip
        shares = [
            f"{peer or 'ours'} {steps[f'{peer}{dash}edit']['added_share']:.2%}"
            for peer, dash in (("", ""), ("delta", "-"), ("whole", "-"))
            if f"{peer}{dash}edit" in steps
        ]
        rows += [
            (f"registry, {many:g}M rows, bytes that the edit adds", ", ".join(shares),
             reached(100 * steps["edit"]["added_share"], 1.5, "%", at_most=True), name),
            (f"registry, {many:g}M rows, verify", f"{steps['verify']['gb_per_s']:.2f} GB/s",
             reached(steps["verify"]["gb_per_s"], 1, " GB/s"), name),
        ]  # fmt: skip
        if anew := steps.get("verify-anew"):
            rows.append((
                f"registry, {many:g}M rows, verify where no digest is known yet", f"{anew['gb_per_s']:.2f} GB/s",
                reached(anew["gb_per_s"], 1, " GB/s"), name,
            ))  # fmt: skip
        if together := report["writers"]:
            rows.append((
                f"{together['processes']} processes x {together['commits_each']} commits to one dataset",
                f"{together['versions']} versions, {together['lost']} lost, {together['twice']} twice",
                "400, none lost, none twice", name,
            ))  # fmt: skip
    for name, report in results("registry-before.json"):
        for step, own in report["steps"].items():
            times = f"{own['after_s']:.2f} s ({report['base']}: {own['before_s']:.2f} s), ratio {own['ratio']:.2f}"
            target = reached(own["ratio"], 1.05, "", at_most=True)
            rows.append(
                (f"registry, {report['rows'] / 1e6:g}M rows, {step}, beside an earlier commit", times, target, name)
            )
    for name, report in results("registry-crash.json"):
        rows.append((
            f"`kill -9` at {report['kills']} random instants of commit, edit, tag, revert, gc, checkout, mine and push",
            f"{report['not_intact']} times damaged; of {report['acknowledged']} acknowledged {report['lost']} lost; "
            f"{report['uncollected']} files left by gc", "0, 0, 0", name,
        ))  # fmt: skip
    return rows


def push() -> list[Row]:
    return [
        (f"push of {report['rows']:,} rows, {what}",
         f"{step['bytes_on_the_wire'] / 1e6:.2f} MB on the wire, {step['share_of_first']:.1%} of the first push",
         "only what changed", name)
        for name, report in results("push.json")
        for what, step in report["steps"].items()
    ]  # fmt: skip


def cli() -> list[Row]:
    return [
        (f"`{what.partition(',')[0]}`{what.partition('`')[0].removeprefix(what.partition(',')[0])}",
         f"{found['median_s']:.2f} s", reached(found["median_s"], found["limit_s"], at_most=True), name)
        for name, report in results("cli.json")
        for what, found in report["results"].items()
    ]  # fmt: skip


SETUPS = {"zero": "0 shots", "drawn": "25 shots drawn for each", "fixed": "one block of 25 shots"}


def guards() -> list[Row]:
    rows = []
    for name, report in results("guards.json"):
        for kind, found in report["pairs"].items():
            right, wrong = found["right_refused"], found["wrong_kept"]
            met = right["share"] >= right["target"] and wrong["share"] >= wrong["target"]
            rows.append((
                f"answer pairs through `add`, {kind}: right ones refused, wrong ones kept",
                f"{right['hits']} of {right['pairs']}, {wrong['hits']} of {wrong['pairs']}",
                f"{right['target']:.0%}, {wrong['target']:.0%}: {'reached' if met else '**not reached**'}", name,
            ))  # fmt: skip
        for file, target in (("halueval", 0.98), ("truthfulqa", 0.98)):
            share = report[file]["near_miss_share"]
            wrong_answers = report[file]["wrong_answers"]
            rows.append(
                (f"{file}'s {wrong_answers:,} wrong answers that come in as near-misses", f"{share:.1%}",
                 reached(share, target), name)
            )  # fmt: skip
    return rows


def tricky_chains() -> list[Row]:
    rows = []
    for name, report in results("tricky-chains.json"):
        chains, errors, bench = report["chains"], report["first_errors"], report["processbench"]
        rows += [
            (f"{chains['chains']} tricky chains: right ones admitted as wrong, wrong ones taken as right",
             f"{len(chains['right_admitted_as_wrong'])}, {len(chains['wrong_taken_as_right'])}", "0, at most 1", name),
            ("the same: wrong ones admitted", f"{chains['wrong_admitted_share']:.0%}",
             reached(chains["wrong_admitted_share"], 0.6), name),
            (f"{errors['chains']} planted first errors placed right, placed wrong",
             f"{errors['right_share']:.0%}, {errors['placed'].get('wrong', 0)}", "at least 60%, 0", name),
            ("ProcessBench's 400 chains: right ones admitted, wrong ones admitted with their marked step",
             f"{bench['right_admitted']} of 200, {bench['with_the_marked_step']} of 200", "0, at least 190", name),
        ]  # fmt: skip
    return rows


def against() -> list[Row]:
    return [
        (f"`mine arc --tier near-miss`, {kind}, beside commit {report['other_commit']}, processor time",
         f"{statistics.median(report['processor_s'][kind]['now']):.1f} s against "
         f"{statistics.median(report['processor_s'][kind]['before']):.1f} s: {ratio:.2f}x",
         reached(ratio, report["limit"], at_most=True), name)
        for name, report in results("against.json")
        for kind, ratio in report["ratio"].items()
    ]  # fmt: skip


def scoring() -> list[Row]:
    rows = []
    for name, report in results("scoring-*.json"):
        for setup, found in report["results"].items():
            ours, peer = found["negbank"]["questions_per_s"], found["harness"]["questions_per_s"]
            shares = found["share_of_memory"]
            memory = shares.get("gpu_peak_mib", shares["peak_mib"])  # of the card, where there is one
            rows += [(
                f"scoring {found['questions']:,} ARC questions, {SETUPS[setup]}, {report['shape']} "
                f"({report['precision']}), against `HFLM` at batch {found['harness_batch_size']}",
                f"{ours:.2f}/s against {peer:.2f}/s: {found['times_the_harness']:.2f}x; tokens alone allow "
                f"{found['tokens']['ratio']:.1f}x; largest difference {found['max_difference']:.1e} nats",
                reached(found["times_the_harness"], report["targets"][setup]), name,
            ), (
                f"the same, {SETUPS[setup]}, peak memory",
                f"{memory:.2f} of the harness; above the loaded model (host) {shares.get('working_mib', 0):.2f}",
                reached(memory, 0.33, at_most=True), name,
            )]  # fmt: skip
    return rows


def training() -> list[Row]:
    rows = []
    for name, report in results("training-*.json"):
        own = report["results"]["ours"]["examples_per_s"]
        for peer, target in report["targets"].items():
            what = "its defaults" if peer == "defaults" else f"its best settings ({report['best']})"
            rows.append((
                f"training a head, {report['shape']}, batches of {report['batch']}, against TRL's `SFTTrainer`, {what}",
                f"{own:.1f} examples/s: {report['times_faster'][peer]:.2f}x, {report['share_of_peak']:.1%} of peak",
                reached(report["times_faster"][peer], target), name,
            ))  # fmt: skip
    return rows


def curve() -> list[Row]:
    return [
        (f"both heads and {len(report['points'])} points of their curves to {report['examples_a_head']} examples, "
         f"{report['shape']}, {report['questions']} questions, beside training each once and scoring",
         f"{report['times_the_parts_by_elapsed_s']:.2f} of its parts "
         f"({report['times_the_parts_by_cpu_s']:.2f} by processor time)",
         reached(report["times_the_parts_by_elapsed_s"], report["target"], at_most=True), name)
        for name, report in results("curve-*.json")
    ]  # fmt: skip


def world() -> list[Row]:
    rows: list[Row] = []
    for name, report in results("world-*.json"):
        if report["note"] != "fresh":
            continue  # docs/world.md has the seeds of the design too
        against = {(found["right"], found["examples"]): found for found in report["compared"]
                   if found["tier"] == "near-miss" and found["measure"] == "acc"}  # fmt: skip
        for examples in (64, 512):
            accuracy = {system: points.get(str(examples)) for system, points in report["accuracy"]["acc"].items()}
            shown, found = ("sft", "sft-base", "likra near-miss"), against["sft", examples]
            figures = ", ".join(f"{system} {accuracy[system]['mean']:.3f}" for system in shown)
            rows.append((
                f"the generated world, seed {report['seed']} (not used in its design), {examples} examples a head, "
                f"{report['questions']} questions",
                f"{figures}; likra less sft {found['difference']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})",
                f"above sft: {'reached' if found['shown'] and found['difference'] > 0 else '**not reached**'}", name,
            ))  # fmt: skip
    return rows


def reasoning() -> list[Row]:
    rows: list[Row] = []
    for name, report in results("reasoning.json"):
        found, target = report["verification"], report["targets"]
        elapsed, last = found["first_round_s"], report["memory"][-1]
        rows += [
            (f"verification and labelling of {found['chains']:,} chains of four models",
             f"{elapsed:.1f} s, {found['labels_reproduced']:,} labels reproduced, {found['outcomes']['wrong']:,} wrong",
             reached(elapsed, target["elapsed_s"], " s", at_most=True), name),
            (f"the same, peak memory over a stream of {last['chains']:,}",
             f"{last['peak_mib']:,.0f} MiB; {report['memory'][0]['peak_mib']:,.0f} MiB at "
             f"{report['memory'][0]['chains']:,}", "flat", name),
        ]  # fmt: skip
        rows += [
            (f"first error of a broken chain found again, {kind} ({part['broken']:,})",
             f"{part['found_again']:.1%}", reached(100 * part["found_again"], 95, "%"), name)
            for kind, part in report["perturbation"].items()
        ]  # fmt: skip
    return rows


def chains() -> list[Row]:
    rows: list[Row] = []
    for name, report in results("chains.json"):
        best = min(report["real"], key=lambda found: found["elapsed_s"])
        seconds, target = best["elapsed_s"], report["targets"]
        (few, small), (many, large) = list(report["streams"].items())
        rows += [
            (f"`mine --tier erroneous-cot` of {best['read']:,} chains into a version of {best['wrong']:,}",
             f"{seconds:.1f} s", reached(seconds, target["elapsed_s"], " s", at_most=True), name),
            (f"the same, peak memory of {int(many):,} chains",
             f"{large['peak_mib']:,.0f} MiB; {small['peak_mib']:,.0f} MiB of {int(few):,}",
             reached(large["peak_mib"] - small["peak_mib"], target["growth_mib"], " MiB more", at_most=True),
             name),
        ]  # fmt: skip
    for name, report in results("chain-plausibility.json"):
        found = report["results"]
        rows.append(
            (f"calibration error of a chain's plausibility, {found['rows']:,} chains, held out by question",
             f"{found['ece']:.3f} (AUC {found['auc']:.2f})",
             reached(found["ece"], report["targets"]["ece"], at_most=True), name)
        )  # fmt: skip
    return rows


def glow() -> list[Row]:
    rows: list[Row] = []
    for name, report in results("glow-*.json"):
        rows += [
            (f"a step of GLOW beside the same step of SFT, {report['shape']}, batches of {report['batch']}",
             f"{100 * report['cost_share']:+.1f}% ({100 * report['cost_share_by_cpu_s']:+.1f}% by processor time)",
             reached(100 * report["cost_share"], 3, "%", at_most=True), name),
            ("GLOW's weights against the formula in 50 digits", f"largest difference {report['weight_error']:.0e}",
             reached(report["weight_error"], 1e-6, at_most=True), name),
        ]  # fmt: skip
    return rows


def tuning() -> list[Row]:
    rows: list[Row] = []
    for name, report in results("tuning-*.json"):
        if report["note"] != "fresh":
            continue  # docs/chains.md has the seed of the design too
        for source, problems in report["problems"].items():
            solved = report["pass_at"][source]["1"]
            figures = ", ".join(f"{system} {score['mean']:.3f}" for system, score in solved.items())
            (less,) = (found for found in report["compared"] if (found["left"], found["right"], found["source"],
                       found["k"]) == ("glow", "sft", source, 1))  # fmt: skip
            difference = f"{less['difference']:+.3f} ({less['low']:+.3f} to {less['high']:+.3f})"
            rows.append((
                f"generated arithmetic, seed {report['seed']} (not used in its design), {problems} problems of "
                f"{source}, pass@1",
                f"{figures}; glow less sft {difference}",
                f"above sft: {'reached' if less['shown'] and less['difference'] > 0 else '**not reached**'}", name,
            ))  # fmt: skip
    return rows


def main() -> None:
    rows = [
        *encoding(),
        *mining(),
        *neighbors(),
        *plausibility(),
        *cli(),
        *against(),
        *guards(),
        *tricky_chains(),
        *registry(),
        *push(),
        *scoring(),
        *training(),
        *curve(),
        *reasoning(),
        *glow(),
        *chains(),
        *world(),
        *tuning(),
    ]
    lines = ["| what | measured | target | result |", "|---|---|---|---|"]
    lines += [f"| {what} | {figure} | {target} | `{name}` |" for what, figure, target, name in rows]
    text = README.read_text()
    block = BEGIN + "\n" + "\n".join(lines) + "\n" + END
    README.write_text(re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: block, text, flags=re.DOTALL))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
