"""`audit documents|internal-audit|management-review|maturity|sample`: what an audit asks to see."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from itss_bridge.cli.call import Call, Commands, common, console, print_json
from itss_bridge.cli.complete import completed
from itss_bridge.messages import say

if TYPE_CHECKING:
    from itss_bridge.maturity import QuarterEnd
    from itss_bridge.model import Report
    from itss_bridge.sampling import Sample

_DRAWN_WITHIN = {
    "person": None,
    "project": None,
    "certificate": "scheme",
    "change": "type",
    "configuration_item": "class",
}
"""What each stream is divided by; tickets by their priority."""


@click.command(
    "documents",
    epilog="Examples: itss-bridge audit documents · itss-bridge audit documents --framework iso9001 --missing --json",
)
@click.option(
    "--framework",
    "only",
    metavar="ID",
    shell_complete=completed("frameworks"),
    help="Only what this framework asks for.",
)
@click.option("--missing", is_flag=True, help="Only what is not there, not approved or not in date.")
@common
def documents_command(call: Call, only: str | None, *, missing: bool) -> None:
    """Each document and record that the frameworks ask for, against what there is; and what nobody asks for."""
    bridge = call.bridge()
    report = bridge.report(call.as_of(bridge))
    if only:
        bridge.plugins.pick({f.id: f for f in report.frameworks}, only, say("framework"))
    rows = [
        row
        for row in report.documents
        if (not only or row.requirement.startswith(f"{only}:")) and not (missing and row.state == "current")
    ]
    if call.as_json:
        from itss_bridge.exporters.steering import document_json
        from itss_bridge.exporters.values import item_json

        orphans = [item_json(one) for one in report.orphans]
        print_json({"rows": [document_json(row) for row in rows], "orphans": orphans})
        return
    language = call.lang(bridge)
    _print(language, list(_document_lines(report, rows, language)))


def _document_lines(report: "Report", rows: Sequence[Any], language: str) -> Iterator[dict[str, Any]]:
    from itss_bridge.wording import DOCUMENT_STATE

    for row in rows:
        framework = report.framework_of(row.requirement)
        clause = framework.clause(report.requirement(row.requirement))
        yield {
            "requirement": row.requirement,
            "clause": clause or "–",
            "document": row.information.title[language],
            "state": DOCUMENT_STATE[row.state][language],
            "found": ", ".join(item.ref for item in row.found[:3]) + (" …" if len(row.found) > 3 else ""),  # noqa: PLR2004 - three fit
            "reason": row.reason[language],
        }


@click.command(
    "sample",
    epilog="Examples: itss-bridge audit sample incident --seed 20261123 --each 5 · "
    "itss-bridge audit sample certificate --seed 20261123 --share 10",
)
@click.argument("stream", shell_complete=completed("streams"))
@click.option("--seed", required=True, help="Any text that both sides agreed on beforehand.")
@click.option("--share", type=click.FloatRange(0, 100), default=0, help="Percent of each stratum, rounded up.")
@click.option("--each", type=click.IntRange(0), default=0, help="At least so many of each stratum.")
@click.option("--by", metavar="FIELD", help="Draw within the values of this field (default: the stream's own).")
@common
def sample_command(call: Call, stream: str, seed: str, share: float, each: int, by: str | None) -> None:
    """Draw a sample that anybody can draw again; prints the digest of what it was drawn from."""
    from itss_bridge.data import stream_names
    from itss_bridge.evidence.read import records
    from itss_bridge.metrics import obstacle_of
    from itss_bridge.report import by_stream, stream_states
    from itss_bridge.sampling import Member, Size, as_json, draw

    if not share and not each:
        raise click.UsageError(say("say how many: --share PERCENT, --each NUMBER, or both"))
    bridge = call.bridge()
    bridge.plugins.pick(dict.fromkeys(stream_names()), stream, say("stream"))
    as_of = call.as_of(bridge)
    field = by or _DRAWN_WITHIN.get(stream, "priority")
    columns = ["id", "ref", "url", "digest", *([field] if field else [])]
    rows = list(records(bridge.lake, stream, as_of, columns))
    members = [
        Member(r["id"], r["ref"] or r["id"], r["url"] or "", str(r[field] or "–") if field else "", r["digest"])
        for r in rows
    ]
    drawn = draw(members, seed, Size(share / 100, each))
    doubt = obstacle_of(stream, by_stream(stream_states(bridge.lake, as_of)))
    if call.as_json:
        print_json({**as_json(drawn), "stream": stream, "incomplete": doubt})
        return
    _print(call.lang(bridge), list(_sample_lines(drawn)))
    _say_population(drawn, doubt, call.lang(bridge))


def _sample_lines(drawn: "Sample") -> Iterator[dict[str, Any]]:
    for stratum in drawn.strata:
        for member in stratum.drawn:
            yield {
                "stratum": f"{stratum.name} ({len(stratum.drawn)}/{stratum.size})",
                "ref": member.ref,
                "url": member.url,
            }


def _say_population(drawn: "Sample", doubt: str, language: str) -> None:
    from itss_bridge.wording import as_reason, phrase

    click.echo(
        phrase("sample_population", size=drawn.size, digest=drawn.population, seed=drawn.seed)[language], err=True
    )
    if doubt:
        click.echo(phrase("sample_incomplete", reason=as_reason(doubt)[language])[language], err=True)


def _to_file(name: str, example: str, text: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command that writes one Markdown page to a file, or to stdout."""

    def made(function: Callable[..., Any]) -> click.Command:
        file = click.Path(path_type=Path, dir_okay=False)
        argument = click.argument("file", required=False, type=file)
        return click.command(name, epilog=f"Example: {example}", help=text)(argument(common(function)))

    return made


@_to_file(
    "management-review",
    "itss-bridge audit management-review review.md",
    "The inputs of a management review, assembled from the findings, and minutes to fill in; Markdown.",
)
def management_command(call: Call, file: Path | None) -> None:
    """Inputs and minutes."""
    from itss_bridge.decisions import decisions
    from itss_bridge.exporters.review import management_review

    bridge = call.bridge()
    report = bridge.report(call.as_of(bridge))
    decided = decisions(bridge.workspace.decision_files)
    _write(call, file, management_review(report, decided, call.lang(bridge), bridge.workspace.day_of(report.as_of)))


@_to_file(
    "internal-audit",
    "itss-bridge audit internal-audit checklist.md",
    "A checklist for an internal audit: every requirement with what was found; Markdown.",
)
def internal_command(call: Call, file: Path | None) -> None:
    """The checklist."""
    from itss_bridge.exporters.review import internal_audit

    bridge = call.bridge()
    report = bridge.report(call.as_of(bridge))
    _write(call, file, internal_audit(report, call.lang(bridge), bridge.workspace.day_of(report.as_of)))


@click.command(
    "maturity", epilog="Examples: itss-bridge audit maturity · itss-bridge audit maturity --quarters 8 --json"
)
@click.option("--quarters", type=click.IntRange(1, 40), default=4, show_default=True, help="Quarters that are over.")
@common
def maturity_command(call: Call, quarters: int) -> None:
    """The quarterly self-assessment: levels and elements as of the end of each quarter, from the evidence of then."""
    from itss_bridge.maturity import quarter, quarter_ends

    bridge = call.bridge()
    ends = quarter_ends(call.as_of(bridge), quarters, bridge.workspace.time_zone)
    found = [quarter(bridge.report(end)) for end in ends]
    if call.as_json:
        print_json([asdict(one) for one in found])
        return
    language = call.lang(bridge)
    _print(language, [_maturity_line(one, language) for one in found])


def _maturity_line(one: "QuarterEnd", language: str) -> dict[str, Any]:
    from itss_bridge.model import Status
    from itss_bridge.wording import LEVEL, LEVEL_STATE, element

    levels = {LEVEL[level][language]: LEVEL_STATE[one.levels[level]][language] for level in sorted(one.levels)[::-1]}
    elements = {
        element(name)[language]: f"{counts[Status.CONFORMING]}/{sum(counts.values()) - counts[Status.NOT_APPLICABLE]}"
        for name, counts in one.elements.items()
    }
    return {"quarter": one.name, **levels, **elements, "incomplete": ", ".join(one.incomplete)}


def _write(call: Call, file: Path | None, page: str) -> None:
    if file is not None:
        from itss_bridge.cli.export import write

        write(file, page.encode())
    if call.as_json:
        print_json({"files": [str(file)]} if file else {"markdown": page})
    else:
        click.echo(str(file) if file else page, nl=file is not None)


def _print(language: str, rows: Sequence[dict[str, Any]]) -> None:
    from itss_bridge.cli.tables import plain_table

    console().print(plain_table(list(rows[0]) if rows else ["ref"], rows, language))


command = Commands(
    "audit",
    {
        "documents": ("itss_bridge.cli.audit:documents_command", "What is to be documented, against what there is."),
        "internal-audit": ("itss_bridge.cli.audit:internal_command", "A checklist for an internal audit."),
        "management-review": ("itss_bridge.cli.audit:management_command", "Inputs and minutes of a management review."),
        "maturity": ("itss_bridge.cli.audit:maturity_command", "Levels and elements at the end of each quarter."),
        "sample": ("itss_bridge.cli.audit:sample_command", "Draw a sample that anybody can draw again."),
    },
    help="What an audit asks to see: document comparison, checklist, review, samples.",
)
