"""`negbank mine`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from negbank.cli.chain_options import model_options, model_settings
from negbank.cli.file_options import file_options, source_options
from negbank.cli.judge_options import judge_options, judge_settings, step_judge_settings
from negbank.cli.options import (
    COUNT,
    COUNT_OR_NONE,
    TIER,
    command_line,
    complete_source,
    encoder_options,
    json_option,
    refuse_force,
    refused_options,
    registry_option,
)
from negbank.cli.progress import reporter
from negbank.cli.screen import print_json, say
from negbank.folders import RegistryPlace, real_path
from negbank.terms import ERRONEOUS_COT, NEAR_MISS, UNRELATED, counted

if TYPE_CHECKING:
    from negbank.commands.chain_inputs import ChainSettings
    from negbank.commands.mine import MineResult
    from negbank.commands.mine_chains import ChainCounts

CHAIN_OPTIONS = ("trajectories", "layout", "license", "perturb", "strict", "final_form", "models")


@click.command()
@click.argument("source", shell_complete=complete_source)
@click.option(
    "--tier", "tiers", type=TIER, multiple=True, help="What to mine; may be given again.  [default: near-miss]"
)
@click.option(
    "--pool", metavar="SOURCE", shell_complete=complete_source, help="Where the tier unrelated is drawn from."
)
@click.option(
    "--per-question",
    type=COUNT,
    default=3,
    show_default=True,
    metavar="K",
    help="Negatives a question in each tier.",
)
@click.option(
    "--expand",
    type=COUNT_OR_NONE,
    default=0,
    metavar="N",
    help="Near-misses a question from the answers of other questions, besides its own wrong choices.",
)
@click.option(
    "--trajectories",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    help="erroneous-cot: a JSONL file of chains of thought, or - ; may be given again.",
)
@click.option("--layout", metavar="NAME", help="How that file is laid out (else told by its first line).")
@click.option("--license", metavar="ID", help="The licence of that file, as the Hub names it.")
@click.option("--perturb", is_flag=True, help="erroneous-cot: break gold chains at one known step, K a question.")
@model_options
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Decides what is drawn.")
@click.option("--split", metavar="SPLIT", help="A split of the source, or a slice: 'validation[:80%]'.")
@click.option(
    "--hold-out", multiple=True, metavar="NAME|FILE|hf:...",
    help="More questions that must not be mined: another source, a file or a Hub dataset; may be given again.",
)  # fmt: skip
@click.option(
    "--no-hold-out", multiple=True, metavar="SPLIT",
    help="Mine a split that is held out by default, such as ARC-Easy/test (see negbank sources).",
)  # fmt: skip
@click.option("--subjects", metavar="A,B", help="Subjects of mmlu, or the group non-science.")
@file_options
@click.option("--dataset", metavar="NAME", help="The dataset that gets the version (else the source's name).")
@click.option("-m", "--message", metavar="TEXT", help="Why: kept with the version.")
@refused_options
@judge_options
@encoder_options
@registry_option
@json_option
def mine(source: str, as_json: bool, force: bool, registry: RegistryPlace, **given: Any) -> None:
    """Mine wrong answers from SOURCE into a new version of a dataset.

    SOURCE is a name that `negbank sources` lists, a file, `-` for JSON lines, or hf:org/name. Tiers that the
    dataset has already and that are not mined again are kept. The tier erroneous-cot holds chains of thought that end
    in a wrong answer: they are brought as files, made from the source's own, or written by a model.

    \b
    Examples:
      negbank mine demo
      negbank mine arc --tier near-miss
      negbank mine arc --tier near-miss --tier irrelevant --tier unrelated --pool hellaswag
      negbank mine hellaswag --split 'validation[:80%]' --expand 2 --refused refused.jsonl
      negbank mine gsm8k --split test --tier erroneous-cot --trajectories solutions.jsonl
      negbank mine gsm8k --tier erroneous-cot --perturb --per-question 1
      negbank mine gsm8k --tier erroneous-cot --generate Qwen/Qwen2.5-0.5B --samples 4 --temperature 0.8
      negbank mine gsm8k --tier erroneous-cot --endpoint http://localhost:8000/v1 --model NAME
      negbank mine my.csv --question-column q --answer-column a --dataset mine-v1
    """  # fmt: skip
    import negbank

    tiers = tuple(dict.fromkeys(given.pop("tiers"))) or (NEAR_MISS,)
    refused = given["refused"]
    refuse_force(force, refused)
    prompt = given["models"].get("prompt")
    if refused and prompt and real_path(refused) == real_path(prompt):
        raise click.UsageError("--refused and --prompt name one file; name two")
    _refuse_without_effect(tiers, given)
    about_chains, judge = {name: given.pop(name) for name in CHAIN_OPTIONS}, given.pop("judge")
    if ERRONEOUS_COT in tiers:
        given["chains"] = _chain_settings(tiers, about_chains, judge)
    elif any(about_chains.values()):
        raise click.UsageError("chains are mined into a tier of their own: add --tier erroneous-cot")
    else:
        given |= judge_settings(judge, given["device"])
    settings = replace(_settings(**given), replace=force)
    with reporter() as progress:
        result = negbank.mine(source, tiers, settings, registry=registry, progress=progress)
    for line in (*result.understood, *result.notices):
        say(line, err=True)
    if as_json:
        print_json(result.to_dict())
    else:
        _print(result, refused)


def _chain_settings(tiers: tuple[str, ...], given: dict[str, Any], judge: dict[str, Any]) -> ChainSettings:
    """The options of the tier erroneous-cot. Raises UsageError for those that do not go together."""
    import negbank

    if len(tiers) > 1:
        raise click.UsageError("the tier erroneous-cot is mined by itself; other tiers of the dataset are kept")
    models = model_settings(given.pop("models"), step_judge_settings(judge))
    if not given["trajectories"] and not given["perturb"] and not models.writes:
        raise click.UsageError(
            "the tier erroneous-cot needs chains: --trajectories FILE, --perturb, --generate MODEL, or --endpoint URL"
        )
    given["final_form"] = given["final_form"] or "marked"
    return negbank.ChainSettings(models=models, **given)


def _refuse_without_effect(tiers: tuple[str, ...], given: dict[str, Any]) -> None:
    """Raise UsageError for an option that these tiers do not read, or one that they lack."""
    if UNRELATED in tiers and not given["pool"]:
        raise click.UsageError("the tier unrelated needs another source to draw from: --pool SOURCE")
    chains = ERRONEOUS_COT in tiers
    reads = {
        "pool": (UNRELATED in tiers, "--tier unrelated"),
        "expand": (NEAR_MISS in tiers, "--tier near-miss"),
        "per_question": (not chains or given["perturb"], "--perturb"),
        "encoder": (not chains, "the tiers of direct answers"),
        "device": (not chains or "generate" in given["models"], "--generate"),
    }
    context = click.get_current_context()
    for name, (is_read, reader) in reads.items():
        if not is_read and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} has no effect here: it belongs to {reader}")


def _settings(subjects: str | None, split: str | None, **rest: Any) -> Any:
    """The options as `MineSettings`."""
    import negbank

    named = tuple(s.strip() for s in (subjects or "").split(",") if s.strip())
    held = {name: rest.pop(name) for name in ("hold_out", "no_hold_out")}
    options = replace(source_options(rest, split, named), **held)
    return negbank.MineSettings(source=options, command=command_line(), **rest)


def _print(result: MineResult, refused: str | None) -> None:
    """A table by tier, what was refused, what is short, and what to do next."""
    from negbank.cli.tables import print_table, spread

    rows = [
        [t.tier, t.rows, t.similarity.median, spread(t.similarity.histogram), t.plausibility.median,
         spread(t.plausibility.histogram), t.short]
        for t in result.tiers
    ]  # fmt: skip
    columns = ["tier", "negatives", "similarity", "from -1 to 1", "plausibility", "from 0 to 1", "short"]
    if result.chains:  # no vectors are made of chains
        columns, rows = [*columns[:2], *columns[4:]], [[*row[:2], *row[4:]] for row in rows]
    print_table(f"{counted(result.questions, 'question')} of {result.source}", columns, rows)
    if result.refusals:
        where = f" (listed in {refused})" if refused else " (--refused FILE lists them)"
        print_table(f"Refused{where}", ["tier", "reason", "count"], [[t, r, n] for t, r, n in result.refusals])
    if result.chains:
        _print_chains(result.chains)
    for tier in result.tiers:
        if tier.short:
            say(
                f"Short: {tier.short:,} of {counted(result.questions, 'question')} got fewer {tier.tier} negatives "
                f"than asked for ({tier.missing:,} {'is' if tier.missing == 1 else 'are'} missing)."
            )
    made = "is new" if result.created else "holds exactly this already; no new version was made"
    say(f"{result.version} {made}: {counted(result.version.rows, 'negative')}.", bold=True)
    say(f"Look: negbank show {result.version.manifest.dataset} -n 5")


def _print_chains(chains: ChainCounts) -> None:
    """What became of the chains, and how their first errors are known."""
    say(
        f"Chains read: {chains.read:,}. Wrong: {chains.wrong:,}, of {counted(chains.questions, 'question')}. "
        f"Right: {chains.right:,}. Refused: {chains.refused:,}."
    )
    say(
        f"Right chains: {chains.right_used:,} beside a wrong one, {chains.right_left:,} left over; the gold chain "
        "stands beside the others."
    )
    if chains.false_claims:
        say(
            f"Disagreements: {counted(chains.false_claims, 'chain')} refused, as file and gold answer differ on what "
            f"is right. For example, {chains.disagreement}."
        )
    known = ", ".join(f"{source} {count:,}" for source, count in chains.first_error.items())
    say(f"First error known by: {known}")
