"""What a stream's own table in itss-bridge.toml asks for, judged before the first request."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from itss_bridge.data import schema, stream_names
from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge.model import Json
from itss_bridge_servicenow.mapping import (
    STREAMS,
    Convert,
    Field,
    Mapped,
    day,
    flag,
    number,
    one_of,
    text,
    whole,
    words,
)

_COLUMN = r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*"
_CONDITION = re.compile(rf"(?:OR)?({_COLUMN})")
TRAILS = ("sys_audit", "metric_instance")
_HISTORIES = ("incident", "request", "problem", "change")
_OWN_KEYS = {
    **dict.fromkeys(_HISTORIES, ("history", "acknowledged_by")),
    "configuration_item": ("relations",),
    "survey": ("score", "scale", "recommend"),
}
_COMMON_KEYS = ("query", "states", "table", "ref", "fields", "values")


@dataclass(frozen=True, slots=True)
class Options:
    """One stream as it is to be read: its mapping, and what the configuration added to it.

    *query* narrows the table, *needed* are the columns without which a row tells nothing, *named* those of them that
    stand in the configuration. *history* is the table that the past of tickets is read from, or empty.
    """

    stream: str
    mapped: Mapped
    query: str
    needed: frozenset[str]
    named: frozenset[str]
    history: str
    acknowledged_by: tuple[str, ...]
    relations: bool
    table: Mapping[str, Any]


def options(stream: str, table: Mapping[str, Any]) -> Options:
    """The options of one stream; UsageError names the key that is wrong."""
    where = f"streams.{stream}"
    _refuse_unknown_keys(stream, table, where)
    query = _query(table.get("query", ""), f"{where}.query")
    mapped = _mapped(stream, table, where)
    narrowed = "^".join(filter(None, [mapped.query, query]))
    own = _columns_of(query) | frozenset(table.get("fields", {}).values()) | frozenset(_ref(table, where))
    history = _one_of(table, "history", TRAILS, where)
    if history and not mapped.column("state"):
        raise UsageError(
            say("a history needs the field state"), where=f"{where}.fields", fix=say('add state = "COLUMN"')
        )
    basis = {*mapped.ref, mapped.column("state")} - {""}
    return Options(
        stream=stream,
        mapped=mapped,
        query=narrowed,
        needed=frozenset(c for c in basis if "." not in c) | _columns_of(narrowed) | own,
        named=own,
        history=history,
        acknowledged_by=_acknowledged_by(table, where),
        relations=bool(table.get("relations")),
        table=table,
    )


def _refuse_unknown_keys(stream: str, table: Mapping[str, Any], where: str) -> None:
    if stream not in stream_names():
        near = get_close_matches(stream, stream_names(), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(
            say("there is no stream {stream!r}", stream=stream),
            where=where,
            fix=say("{hint}there are: {names}", hint=hint, names=", ".join(stream_names())),
        )
    keys = (*_COMMON_KEYS, *_OWN_KEYS.get(stream, ()))
    if unknown := sorted(table.keys() - set(keys)):
        raise UsageError(
            say("unknown key {unknown!r}", unknown=unknown[0]),
            where=where,
            fix=say("there are: {names}", names=", ".join(keys)),
        )
    if stream not in STREAMS and not (table.get("table") and table.get("fields")):
        raise UsageError(
            say("ServiceNow has no table of its own for {stream}", stream=stream),
            where=where,
            fix=say('say which: table = "u_…" and fields = { FIELD = "column" }'),
        )
    for key in ("fields", "states", "values"):
        if not isinstance(table.get(key, {}), Mapping):
            raise UsageError(
                say("{key} is not a table", key=key),
                where=f"{where}.{key}",
                fix=say('write {key} = {{ … = "…" }}', key=key),
            )
    if not isinstance(table.get("relations", False), bool):
        raise UsageError(
            say("relations is neither true nor false"), where=f"{where}.relations", fix=say("relations = true")
        )


def _query(query: Any, where: str) -> str:
    if not isinstance(query, str) or re.search(r"\^NQ|ORDERBY|^\^|\^$", query):
        raise UsageError(
            say("the query cannot be narrowed further"),
            where=where,
            cause=say("^NQ starts a second query, which the conditions of an incremental read would not reach"),
            fix=say("write conditions joined by ^ and ^OR, without ^NQ and ORDERBY"),
        )
    return query


def _columns_of(query: str) -> frozenset[str]:
    matches = (_CONDITION.match(part) for part in query.split("^"))
    return frozenset(match[1] for match in matches if match)


def _mapped(stream: str, table: Mapping[str, Any], where: str) -> Mapped:
    builtin = STREAMS.get(stream, Mapped("", (), "", {}, ()))
    own_table = "table" in table
    mapped = builtin
    if own_table:
        mapped = Mapped(_name(table["table"], f"{where}.table"), (), "", builtin.states, ())
    states = _states(stream, {**table.get("states", {}), **table.get("values", {}).get("state", {})}, where)
    mapped = replace(mapped, states={**builtin.states, **states}, ref=_ref(table, where) or mapped.ref)
    fields = {ours: (ours, theirs, convert) for ours, theirs, convert in mapped.fields}
    readers = {ours: convert for ours, _, convert in builtin.fields}
    for ours, theirs in table.get("fields", {}).items():
        column = _name(theirs, f"{where}.fields.{ours}")
        rule = _rule(stream, ours, f"{where}.fields.{ours}")
        fields[ours] = (ours, column, readers.get(ours) or _reader(ours, rule))
    title = fields.pop("title")[1] if "title" in fields else mapped.title
    fields |= _with_values(stream, fields, table.get("values", {}), where)
    if "state" in fields:
        fields["state"] = ("state", fields["state"][1], one_of(mapped.states))
    return replace(mapped, fields=tuple(fields.values()), title=title)


def _with_values(stream: str, fields: Mapping[str, Field], values: Mapping[str, Any], where: str) -> dict[str, Field]:
    """The fields whose values the organisation says the meaning of; what it does not name is read as before."""
    found = {}
    for ours, meanings in values.items():
        place = f"{where}.values.{ours}"
        rule = _rule(stream, ours, place)
        if ours not in fields:
            raise UsageError(
                say("no column becomes {ours!r}", ours=ours),
                where=place,
                fix=say('name it: fields.{ours} = "column"', ours=ours),
            )
        for meaning in meanings.values() if isinstance(meanings, Mapping) else (meanings,):
            _refuse_wrong_meaning(meaning, rule, place)
        _, theirs, convert = fields[ours]
        found[ours] = (ours, theirs, _either(dict(meanings), convert))
    return found


def _either(meanings: Mapping[str, Json], otherwise: Convert) -> Convert:
    def convert(value: str) -> Json:
        return meanings[value] if value in meanings else otherwise(value)

    return convert


def _refuse_wrong_meaning(meaning: Any, rule: Mapping[str, Any], where: str) -> None:
    allowed = [word for word in rule.get("enum", ()) if word is not None]
    kind = bool if "boolean" in rule["type"] else str
    if not isinstance(meaning, kind) or (allowed and meaning not in allowed):
        example = "true" if kind is bool else '"…"'
        fix = (
            say("there are: {names}", names=", ".join(allowed))
            if allowed
            else say('write "their value" = {example}', example=example)
        )
        raise UsageError(say("{meaning!r} is no value of this field", meaning=meaning), where=where, fix=fix)


def _states(stream: str, states: Mapping[str, Any], where: str) -> Mapping[str, str]:
    rule = schema(f"streams/{stream}")["properties"].get("state", {"enum": [], "type": []})
    allowed = [word for word in rule["enum"] if word is not None]
    if wrong := [word for word in states.values() if word not in allowed]:
        fix = say("there are: {names}", names=", ".join(allowed) or "none for this stream")
        raise UsageError(say("{wrong!r} is no state", wrong=wrong[0]), where=f"{where}.states", fix=fix)
    return states


def _rule(stream: str, field: str, where: str) -> Mapping[str, Any]:
    rules: Mapping[str, Mapping[str, Any]] = schema(f"streams/{stream}")["properties"]
    if field not in rules:
        raise UsageError(
            say("{stream} has no field {field!r}", stream=stream, field=field),
            where=where,
            fix=say("there are: {names}", names=", ".join(rules)),
        )
    return rules[field]


def _reader(field: str, rule: Mapping[str, Any]) -> Convert:
    """How a column is read by what the schema asks for, where nothing is said about it in the mapping."""
    kinds = set(rule["type"])
    if rule.get("format") == "date-time":
        return day
    if "integer" in kinds:
        return whole(rule.get("minimum", 0), rule.get("maximum", 2**31))
    if "number" in kinds:
        return number(rule.get("minimum"), rule.get("maximum"), length="seconds" in field)
    if "boolean" in kinds:
        return flag
    if "array" in kinds:
        return words
    allowed = [word for word in rule.get("enum", ()) if word is not None]
    return one_of({word: word for word in allowed}) if allowed else text


def _name(name: Any, where: str) -> str:
    if not isinstance(name, str) or not re.fullmatch(_COLUMN, name):
        raise UsageError(
            say("{name!r} is no name of a table or column", name=name),
            where=where,
            fix=say("small letters, digits and _"),
        )
    return name


def _ref(table: Mapping[str, Any], where: str) -> tuple[str, ...]:
    return (_name(table["ref"], f"{where}.ref"),) if "ref" in table else ()


def _one_of(table: Mapping[str, Any], key: str, allowed: tuple[str, ...], where: str) -> str:
    value = table.get(key, "")
    if key in table and value not in allowed:
        raise UsageError(
            say("{value!r} is not known here", value=value),
            where=f"{where}.{key}",
            fix=say("there are: {names}", names=", ".join(allowed)),
        )
    return str(value)


def _acknowledged_by(table: Mapping[str, Any], where: str) -> tuple[str, ...]:
    chosen = table.get("acknowledged_by", ["state"])
    if not isinstance(chosen, list) or not chosen or set(chosen) - {"state", "assignee"}:
        fix = say('write ["state"], ["assignee"] or both: the earlier of the two counts')
        raise UsageError(
            say("{chosen!r} acknowledges nothing", chosen=chosen), where=f"{where}.acknowledged_by", fix=fix
        )
    return tuple(chosen)
