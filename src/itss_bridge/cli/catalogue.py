"""`catalogue list|mappings|sign`; its other commands stand in catalogue_look and catalogue_review."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import Any

import click

from itss_bridge.catalogue import Catalogue
from itss_bridge.cli.call import Call, Commands, common, console, print_json, print_json_lines
from itss_bridge.cli.complete import completed
from itss_bridge.messages import say
from itss_bridge.model import Mapping


@click.command("list", epilog="Example: itss-bridge catalogue list --json")
@common
def list_command(call: Call) -> None:
    """Every requirement: id, clause, titles, element."""
    bridge = call.bridge()
    frameworks = bridge.catalogue.frameworks.values()
    if call.as_json:
        print_json_lines(
            {
                "id": r.id,
                "framework": f.id,
                "parent": r.parent,
                "clause": f.clause(r),
                "clauses": dict(r.clauses),
                "title": asdict(r.title),
                "intent": asdict(r.intent),
                "element": r.element,
                "assessable": r.assessable,
                "source": list(r.origin.source),
                "confidence": r.origin.confidence,
            }
            for f in frameworks
            for r in f.requirements
        )
        return
    from itss_bridge.cli.tables import catalogue_table

    console().print(catalogue_table(frameworks, call.lang(bridge)))


@click.command("mappings", epilog="Example: itss-bridge catalogue mappings --json")
@click.option(
    "--derived", "follows", is_flag=True, help="What follows between the others through ITSS; never assessed."
)
@common
def mappings_command(call: Call, *, follows: bool) -> None:
    """Every mapping: source, relationship, target, strength, review state, rationale."""
    bridge = call.bridge()
    rows = _derived_rows(bridge.catalogue) if follows else _rows(bridge.catalogue)
    if call.as_json:
        print_json_lines(rows)
        return
    from itss_bridge.cli.tables import plain_table

    language = call.lang(bridge)
    names = ["source", "relationship", "target", "strength", "review", "via" if follows else "rationale"]
    console().print(plain_table(names, ({**row, "rationale": row["rationale"][language]} for row in rows)))


def _rows(catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    return (_row(mapping) for crosswalk in catalogue.crosswalks.values() for mapping in crosswalk.mappings)


def _derived_rows(catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    from itss_bridge.catalogue.derived import derived

    for row in derived(catalogue):
        yield {**_row(row.mapping), "derived": True, "via": list(row.via), "contradicted": row.contradicted}


def _row(mapping: Mapping) -> dict[str, Any]:
    return {
        "source": mapping.source,
        "target": mapping.target,
        "relationship": mapping.relationship.value,
        "strength": mapping.strength,
        "review": mapping.review,
        "rationale": asdict(mapping.rationale),
    }


@click.command("sign", epilog="Example: itss-bridge catalogue sign --all --reviewer 质量负责人 --date 2026-03-01")
@click.argument("crosswalks", nargs=-1, shell_complete=completed("crosswalks"))
@click.option("--all", "every", is_flag=True, help="All crosswalks.")
@click.option("--reviewer", required=True, metavar="ROLE", help="Who takes responsibility: a role, not a name.")
@click.option("--date", "day", metavar="DATE", help="Date of the review (default: today).")
@common
def sign_command(call: Call, crosswalks: tuple[str, ...], reviewer: str, day: str | None, *, every: bool) -> None:
    """Sign crosswalks as they stand now: only reviewed mappings may carry *conforming* across.

    The signature falls when a row of the crosswalk changes.
    """
    bridge = call.bridge()
    try:
        signed_on = date.fromisoformat(day).isoformat() if day else bridge.now().date().isoformat()
    except ValueError:
        raise click.BadParameter(say("write it as 2026-03-01"), param_hint="--date") from None
    chosen = tuple(bridge.catalogue.crosswalks) if every else crosswalks
    if not chosen:
        raise click.UsageError(say("name a crosswalk, or say --all"))
    paths = [str(bridge.sign(name, reviewer, signed_on)) for name in chosen]
    if call.as_json:
        print_json(paths)
    else:
        click.echo("\n".join(paths))


command = Commands(
    "catalogue",
    {
        "list": ("itss_bridge.cli.catalogue:list_command", "Every requirement of every framework."),
        "mappings": ("itss_bridge.cli.catalogue:mappings_command", "Every mapping with its rationale."),
        "show": ("itss_bridge.cli.catalogue_look:show_command", "One entry as it stands in its file."),
        "coverage": ("itss_bridge.cli.catalogue_review:coverage_command", "How far crosswalks and checks reach."),
        "lint": ("itss_bridge.cli.catalogue_review:lint_command", "Everything that is wrong, with its place."),
        "conflicts": ("itss_bridge.cli.conflicts", "Where rule packs disagree, and which decides."),
        "diff": ("itss_bridge.cli.catalogue_look:diff_command", "What changed between two catalogues."),
        "sign": ("itss_bridge.cli.catalogue:sign_command", "Sign crosswalks as the organisation's own reviewer."),
    },
    help="Look at frameworks and mappings, check them, sign a crosswalk.",
)
