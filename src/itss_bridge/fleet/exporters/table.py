"""The portfolio as a tidy table: one value a row, for pivot tables and scripts."""

import csv
import io
from collections.abc import Iterator

from itss_bridge.exporters.foreign import is_formula, plain
from itss_bridge.exporters.values import number_json
from itss_bridge.fleet.portfolio import Organisation, Portfolio
from itss_bridge.fleet.told import Standing

COLUMNS = (
    "fleet",
    "as_of",
    "workspace",
    "organisation",
    "group",
    "evidence",
    "target",
    "reached",
    "subject",
    "id",
    "title",
    "measure",
    "value",
)
_Value = str | int | float
_Row = tuple[str, str, str, str, _Value]


def table(portfolio: Portfolio, language: str) -> bytes:
    """UTF-8 with a byte order mark, titles in *language*; an unknown value is empty, never 0."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for organisation in portfolio.organisations:
        head = _head(portfolio, organisation)
        writer.writerows([_field(value) for value in (*head, *row)] for row in _rows(organisation, language))
    return text.getvalue().encode("utf-8-sig")


def _head(portfolio: Portfolio, organisation: Organisation) -> tuple[_Value, ...]:
    target = organisation.standing.target if organisation.standing else None
    named = (organisation.workspace, organisation.name, organisation.group, organisation.state)
    return (portfolio.name, portfolio.as_of, *named, target or "", organisation.reached or "")


def _rows(organisation: Organisation, language: str) -> Iterator[_Row]:
    if organisation.standing is None:
        yield "error", "", "", "exit_code", organisation.exit_code
        yield "error", "", "", "what", " | ".join(organisation.error.values())
        return
    yield from _evidence(organisation.standing)
    yield from _findings(organisation.standing, language)
    for figure in organisation.standing.figures:
        about = ("kpi", figure.metric, figure.title[language])
        value = number_json(figure.value)
        yield *about, "value", "" if value is None else value
        yield *about, "n", figure.n
        yield *about, "unknown", figure.unknown


def _evidence(standing: Standing) -> Iterator[_Row]:
    yield "evidence", "", "", "streams", standing.streams
    for short in standing.short:
        yield "evidence", f"{short.source}/{short.stream}", short.state, "reason", short.reason


def _findings(standing: Standing, language: str) -> Iterator[_Row]:
    for counts in standing.frameworks:
        for status, n in counts.counts.items():
            yield "framework", counts.framework, counts.title[language], status.value, n
        yield "framework", counts.framework, counts.title[language], "assessed", counts.assessed
        yield "framework", counts.framework, counts.title[language], "applicable", counts.applicable
    for level in standing.levels:
        yield "level", f"itss-level-{level.level}", "", "state", level.state.value
        for verdict, n in level.verdicts.items():
            yield "level", f"itss-level-{level.level}", "", verdict.value, n


def _field(value: _Value) -> _Value:
    """Numbers as they are; text that a spreadsheet would run gets an apostrophe in front."""
    if not isinstance(value, str):
        return value
    text = plain(value)
    return f"'{text}" if is_formula(text) else text
