"""What a table of the star is: fields with types and keys, rows; as CSV, and as a Frictionless data package."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from itss_bridge.exporters.document import dumps
from itss_bridge.exporters.foreign import is_formula, plain
from itss_bridge.exporters.values import JsonObject, moment, number_json, text_json
from itss_bridge.model import Metric, Report

Value = str | int | float | Decimal | bool | date | None
Row = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One column; *of* names the table whose key it holds. Empty cells are unknown or not applicable."""

    name: str
    says: str
    kind: Literal["string", "integer", "number", "boolean", "date", "datetime"] = "string"
    of: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table with its rows in the report's order; *key* names the column that identifies a row, if one does."""

    name: str
    says: str
    fields: tuple[Field, ...]
    rows: tuple[Row, ...]
    key: str = ""

    @property
    def path(self) -> str:
        """Its file in the archive."""
        return f"{self.name}.csv"

    def column(self, name: str) -> list[Value]:
        """All values of one column."""
        place = [field.name for field in self.fields].index(name)
        return [row[place] for row in self.rows]


def content(table: Table) -> bytes:
    """The table as Excel, Power BI and Tableau read it: UTF-8 with a byte order mark, no cell that is a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([field.name for field in table.fields])
    writer.writerows([cell(value) for value in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def cell(value: Value) -> str:
    """One value as text; what strangers wrote stands on one line and starts no formula."""
    if value is None or (isinstance(value, (float, Decimal)) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = " ".join(plain(value).split())
        return f"'{text}" if is_formula(text) else text
    return str(number_json(value)) if isinstance(value, (int, float, Decimal)) else value.isoformat()


def package(report: Report, tables: Sequence[Table]) -> bytes:
    """The description of all tables: types, keys, and how each metric is computed."""
    used = {name for table in tables if table.name == "dim_metric" for name in table.column("metric")}
    return dumps(
        {
            "profile": "tabular-data-package",
            "name": "itss-bridge-star",
            "title": plain(report.organisation),
            "created": moment(report.as_of),
            "version": plain(report.version),
            "resources": [_resource(table) for table in tables],
            "metrics": {name: _formula(metric) for name, metric in report.metrics.items() if name in used},
        }
    )


def _resource(table: Table) -> JsonObject:
    joined = [
        {"fields": field.name, "reference": {"resource": field.of, "fields": field.of.partition("_")[2]}}
        for field in table.fields
        if field.of
    ]
    schema: JsonObject = {"fields": [_field(field) for field in table.fields], "missingValues": [""]}
    if table.key:
        schema["primaryKey"] = table.key
    if joined:
        schema["foreignKeys"] = joined
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": table.path,
        "description": table.says,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8-sig",
        "dialect": {"delimiter": ",", "quoteChar": '"', "doubleQuote": True, "lineTerminator": "\r\n"},
        "schema": schema,
    }


def _field(field: Field) -> JsonObject:
    return {"name": field.name, "type": field.kind, "description": field.says}


def _formula(metric: Metric) -> JsonObject:
    """What a number means, in words and as the query that gives it."""
    return {
        "title": text_json(metric.title),
        "definition": text_json(metric.definition),
        "unit": metric.unit,
        "better": metric.better,
        "summary": metric.summary,
        "population": metric.population,
    }
