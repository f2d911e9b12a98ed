"""`negbank log`, `diff`, `tag`, `revert` and `rm`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from negbank.cli.options import COUNT, TIER, command_line, complete_dataset, json_option, registry_option
from negbank.cli.screen import confirm, print_json, say, say_damaged, say_field
from negbank.folders import RegistryPlace
from negbank.terms import counted

if TYPE_CHECKING:
    from negbank.registry import Diff

CHANGES = ("added", "removed", "relabelled", "rescored")
COLOURS = {"added": "green", "removed": "red", "relabelled": "yellow", "rescored": "cyan"}


@click.command()
@click.argument("reference", metavar="DATASET[@VERSION]", shell_complete=complete_dataset)
@registry_option
@json_option
def log(reference: str, registry: RegistryPlace, as_json: bool) -> int:
    """Show the history of a dataset, newest version first; exit code 1 where a version cannot be read.

    \b
    Examples:
      negbank log arc
      negbank log arc@v3 --json | jq '.[0].manifest.parts[0].mined'
    """
    from negbank.commands.registry import open_registry, version_dict
    from negbank.commands.validations import benchmarks_in

    history = open_registry(registry).history(reference)
    broken = say_damaged(history.unreadable.values())
    if as_json:
        print_json([version_dict(logged.version, logged.tags, logged.validations) for logged in history.logged])
        return broken
    for logged in history.logged:
        version, manifest = logged.version, logged.version.manifest
        tags = "".join(f"  ({tag})" for tag in logged.tags)
        say(f"{version}  {version.name[:12]}", bold=True, nl=False)
        say(tags, fg="green")
        say(f"  {manifest.created.replace('T', ' ')[:16]}  {manifest.author}  {manifest.message}")
        say("  " + ", ".join(f"{tier} {rows:,}" for tier, rows in version.tiers.items()))
        if manifest.command:
            say(f"  $ {manifest.command}")
        if measured := benchmarks_in(logged.validations):
            times = counted(len(measured), "time")
            say(f"  validated {times} (negbank show {version})")
    return broken


@click.command()
@click.argument("before", metavar="DATASET[@VERSION]", shell_complete=complete_dataset)
@click.argument("after", required=False, metavar="[DATASET@VERSION]", shell_complete=complete_dataset)
@click.option("--tier", type=TIER, help="Only this tier.")
@click.option("--rows", is_flag=True, help="Show the rows, too.")
@click.option("-n", "limit", type=COUNT, default=20, show_default=True, help="Rows to show.")
@registry_option
@json_option
def diff(
    before: str, after: str | None, tier: str | None, rows: bool, limit: int, registry: RegistryPlace, as_json: bool
) -> None:
    """Show how two versions differ; one alone is compared with the version before it.

    Rows are added, removed, relabelled (another tier or category) or rescored (anything else).

    \b
    Examples:
      negbank diff arc@v2 arc@v3
      negbank diff arc                             # what the newest version changed
      negbank diff arc@v2 arc@v3 --tier near-miss --rows -n 50
    """
    import negbank

    found = negbank.diff(before, after, tier, limit if rows else 0, registry=registry)
    if as_json:
        counts = [{"tier": t, "change": c, "count": n} for t, c, n in found.counts]
        said = {"before": str(found.before), "after": str(found.after), "counts": counts}
        print_json({**said, "rows": found.rows.to_dicts()} if rows else said)
        return
    _print_diff(found, rows)


def _print_diff(found: Diff, rows: bool) -> None:
    from negbank.cli.tables import print_table

    if not found.counts:
        say(f"{found.before} and {found.after} hold the same rows.")
        return
    tiers = list(dict.fromkeys(tier for tier, _, _ in found.counts))
    counts = {(tier, change): count for tier, change, count in found.counts}
    by_tier = {tier: [counts.get((tier, change), 0) for change in CHANGES] for tier in tiers}
    if len(tiers) > 1:
        by_tier["all"] = [sum(column) for column in zip(*by_tier.values(), strict=True)]
    table = [[tier, *row] for tier, row in by_tier.items()]
    print_table(f"{found.before} -> {found.after}", ["tier", *CHANGES], table)
    for row in found.rows.iter_rows(named=True):
        moved = row["tier_before"] != row["tier_after"] and row["change"] == "relabelled"
        tier = f"{row['tier_before']} -> {row['tier_after']}" if moved else row["tier_after"] or row["tier_before"]
        say(f"{row['change']:<10}", fg=COLOURS[row["change"]], nl=False)
        say(f"  {tier}  {_change(row['plausibility_before'], row['plausibility_after'])}")
        say_field("question", row["question"])
        say_field("wrong", row["negative"])
    total = sum(found_count for _, _, found_count in found.counts)
    if rows and total > found.rows.height:
        say(f"{found.rows.height:,} of {counted(total, 'row')} shown; see more with -n {total}")


def _change(before: float | None, after: float | None) -> str:
    shown = [f"{value:.2f}" for value in (before, after) if value is not None]
    return "plausibility " + " -> ".join(dict.fromkeys(shown)) if shown else ""


@click.command()
@click.argument("reference", metavar="DATASET[@VERSION]", shell_complete=complete_dataset)
@click.argument("name", required=False, metavar="TAG")
@click.option("--force", is_flag=True, help="Move a tag that another version has.")
@click.option("--delete", is_flag=True, help="Take the tag away.")
@registry_option
@json_option
def tag(reference: str, name: str | None, force: bool, delete: bool, registry: RegistryPlace, as_json: bool) -> None:
    """Give a version a name that means something to you.

    \b
    Examples:
      negbank tag arc@v3 stable
      negbank tag arc@v4 stable --force            # moves it
      negbank tag arc@stable --delete
    """
    import negbank

    if (name is None) != delete:
        raise click.UsageError("name the tag: negbank tag arc@v3 stable, or negbank tag arc@stable --delete")
    version = negbank.tag(reference, name, move=force, delete=delete, registry=registry)
    if as_json:
        print_json({"version": str(version), "tag": name or reference.partition("@")[2], "deleted": delete})
    elif delete:
        say(f"{version} has the tag {reference.partition('@')[2]} no more.")
    else:
        say(f"{version} is {version.manifest.dataset}@{name}.")


@click.command()
@click.argument("reference", metavar="DATASET@VERSION", shell_complete=complete_dataset)
@click.option("-m", "--message", default="", metavar="TEXT", help="Why: kept with the version.")
@registry_option
@json_option
def revert(reference: str, message: str, registry: RegistryPlace, as_json: bool) -> None:
    """Make an older version the newest again: a new version with its rows.

    \b
    Examples:
      negbank revert arc@v2
      negbank revert arc@stable -m "v4 lost a tier"
    """
    import negbank

    commit = negbank.revert(reference, message, command_line(), registry=registry)
    if as_json:
        print_json({"version": str(commit.version), "created": commit.created})
    elif commit.created:
        say(f"{commit.version} is new: {counted(commit.version.rows, 'negative')}, as in {reference}.")
    else:
        say(f"{commit.version} holds exactly this already; no new version was made.")


@click.command()
@click.argument("dataset", shell_complete=complete_dataset)
@click.option("--yes", is_flag=True, help="Do not ask.")
@registry_option
@json_option
def rm(dataset: str, yes: bool, registry: RegistryPlace, as_json: bool) -> None:
    """Remove a dataset from the registry: all its versions and tags. What was pushed stays on the Hub.

    \b
    Examples:
      negbank rm arc
      negbank rm arc --yes && negbank gc           # and give the space back
    """
    import negbank
    from negbank.commands.registry import open_registry

    versions = len(open_registry(registry).numbers(dataset))
    whole = f"{'its' if versions == 1 else 'all its'} {counted(versions, 'version')}"
    if not yes and not confirm(f"Remove {dataset} with {whole}?"):
        raise click.ClickException("nothing was removed")
    removed = negbank.rm(dataset, registry=registry)
    if as_json:
        print_json({"dataset": dataset, "versions": removed})
    else:
        say(f"{dataset} is gone ({counted(removed, 'version')}). Free its space: negbank gc")
