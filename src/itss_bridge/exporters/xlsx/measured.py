"""The sheets of numbers: every measurement with its population, and how far each stream is to be trusted."""

from itss_bridge.exporters.reading import Reading, measured_state
from itss_bridge.exporters.xlsx.cover import status_of
from itss_bridge.exporters.xlsx.sheet import Book, Cell
from itss_bridge.exporters.xlsx.table import Column, Table
from itss_bridge.model import Measurement
from itss_bridge.wording import BETTER, MEASURED, as_reason, stream, unit

_METRICS = (
    Column("id", 17),
    Column("title", 26),
    Column("arguments", 24),
    Column("state", 12),
    Column("value", 11),
    Column("unit", 8),
    Column("n", 11),
    Column("numerator", 11),
    Column("denominator", 11),
    Column("excluded", 24),
    Column("from", 17),
    Column("to", 17),
    Column("mean", 10),
    Column("median", 10),
    Column("p90", 11),
    Column("better", 12),
    Column("reason", 30),
)
_SOURCES = (
    Column("source_system", 16),
    Column("stream", 20),
    Column("state", 12),
    Column("expected", 10),
    Column("seen", 10),
    Column("collected", 18),
    Column("reason", 34),
    Column("head", 62),
)


def metrics(book: Book, reading: Reading) -> None:
    """Every measurement: value, numerator, denominator, exclusions, window, spread."""
    table = Table(book, "metrics", _METRICS)
    for measurement in reading.report.assessment.measurements:
        _measurement(table, book.language, reading, measurement)
    table.close(keep=2)


def _measurement(table: Table, language: str, reading: Reading, measurement: Measurement) -> None:
    metric, state = reading.metric(measurement.metric), measured_state(measurement)
    table.add(
        [
            Cell(measurement.metric, "small"),
            metric.title[language] if metric else measurement.metric,
            Cell("\n".join(f"{name} = {value}" for name, value in measurement.arguments.items()), "small"),
            Cell(MEASURED[state][language], "centred" if state == "measured" else "undetermined"),
            Cell(measurement.value),
            unit(measurement.unit)[language],
            Cell(measurement.n, "whole"),
            Cell(measurement.numerator),
            Cell(measurement.denominator, "whole"),
            "\n".join(f"{why}: {n}" for why, n in measurement.excluded.items()),
            Cell(reading.local(measurement.start) if measurement.start else None),
            Cell(reading.local(measurement.end)),
            *(Cell(measurement.spread.get(name)) for name in ("mean", "median", "p90")),
            BETTER[metric.better][language] if metric else "",
            as_reason(measurement.unknown)[language],
        ]
    )


def sources(book: Book, reading: Reading) -> None:
    """Each stream of each source: what the tool has, what we hold, and the head of its chain."""
    table = Table(book, "sources", _SOURCES)
    for state in reading.report.streams:
        table.add(
            [
                state.source,
                stream(state.stream)[book.language],
                status_of(state.state, book.language),
                Cell(state.expected, "whole"),
                Cell(state.seen, "whole"),
                Cell(reading.local(state.collected_at) if state.collected_at else None),
                as_reason(state.reason)[book.language],
                Cell(state.head, "digest"),
            ]
        )
    table.close(keep=2)
