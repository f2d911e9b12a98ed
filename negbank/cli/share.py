"""`negbank card`, `negbank push` and `negbank pull`."""

from __future__ import annotations

from typing import Any

import click

from negbank.cli.options import complete_dataset, json_option, registry_option, size_text
from negbank.cli.progress import reporter
from negbank.cli.screen import print_document, print_json, say
from negbank.folders import RegistryPlace
from negbank.terms import counted


@click.command()
@click.argument("reference", metavar="DATASET[@VERSION]", shell_complete=complete_dataset)
@registry_option
@json_option
def card(reference: str, registry: RegistryPlace, as_json: bool) -> None:
    """Print the card of a version: the README that checkout and push write.

    \b
    Examples:
      negbank card arc
      negbank card arc@v3 > README.md
    """
    import negbank

    written = negbank.card(reference, registry=registry)
    if as_json:
        print_json({"text": written.text, "files": sorted(written.files)})
    else:
        print_document(written.text)


@click.command()
@click.argument("reference", required=False, metavar="[DATASET[@VERSION]]", shell_complete=complete_dataset)
@click.option("--to", metavar="[ORG/]NAME", help="Where to (else where it went last).")
@click.option("--private", is_flag=True, help="A repository that is made now is private.")
@click.option("--rebase", is_flag=True, help="Push upon what someone else pushed in between.")
@click.option("--move-tags", is_flag=True, help="Move tags such as stable that stand on another commit there.")
@click.option("--require-validated", is_flag=True, help="Refuse a version that was never benchmarked.")
@click.option("--min-gain", type=float, metavar="POINTS", help="Refuse one that has not shown this gain of accuracy.")
@registry_option
@json_option
def push(
    reference: str | None, to: str | None, require_validated: bool, min_gain: float | None, registry: RegistryPlace,
    as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Push a version to the Hugging Face Hub, as one commit that its number tags, and its own tags with it.

    Alone, it pushes the dataset where there is one, to the place it went last. The token comes from HF_TOKEN or
    `hf auth login`.

    \b
    Examples:
      negbank push arc --to org/arc-negatives --private
      negbank push                                 # again, to the same place
      negbank push arc@stable --to arc-negatives   # in your own namespace
      negbank push arc --require-validated --min-gain 2
    """
    import negbank
    from negbank.commands.share import plan_push

    gate = negbank.Gate(require_validated, min_gain)
    plan = plan_push(reference, to, gate=gate, registry=registry)
    say(f"Pushing {plan.version} ({counted(plan.version.rows, 'negative')}) to {plan.repo} ...", err=True)
    with reporter() as progress:
        result = negbank.push(str(plan.version), plan.repo, registry=registry, progress=progress, **given)
    pushed = result.pushed
    if as_json:
        print_json(result.to_dict())
        return
    if pushed.changed:
        sent = f"{counted(pushed.files, 'file')}, {size_text(pushed.uploaded_bytes)} sent"
        say(f"{result.version} is at {pushed.url}: {sent}.")
    else:
        say(f"{pushed.url} holds {result.version} already; nothing was sent.")
    if result.tagged.set:
        say(f"Tagged there: {', '.join(result.tagged.set)}.")
    if left := result.tagged.elsewhere:
        say(f"Not tagged: {', '.join(left)} stands on another commit there; move it with --move-tags.")
    first = next(iter(result.version.tiers), "all")
    say(f"Load it: datasets.load_dataset({pushed.repo!r}, {first!r}, revision={pushed.tag!r})")


@click.command()
@click.argument("place", metavar="ORG/NAME[@REVISION]")
@click.option(
    "--max-gb",
    type=click.FloatRange(0, min_open=True),
    default=8,
    show_default=True,
    metavar="GB",
    help="Refuse a repository of more than this.",
)
@registry_option
@json_option
def pull(place: str, max_gb: float, registry: RegistryPlace, as_json: bool) -> None:
    """Take a dataset that negbank pushed into this registry, with its history.

    Its rows are checked against its manifest. Other datasets come in with negbank add hf:ORG/NAME.

    \b
    Examples:
      negbank pull org/arc-negatives
      negbank pull org/arc-negatives@v3
    """
    import negbank

    with reporter() as progress:
        result = negbank.pull(place, max_gb=max_gb, registry=registry, progress=progress)
    if as_json:
        print_json(result.to_dict())
        return
    say(f"{result.version} is here: {counted(result.version.rows, 'negative')} from {result.repo}.")
    say(f"Look: negbank show {result.version} -n 5")
