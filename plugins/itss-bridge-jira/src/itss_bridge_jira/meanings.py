"""The organisation's own words, judged: one that means nothing would be without effect, and nobody would notice."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator

from itss_bridge.data import schema
from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge_jira import reading
from itss_bridge_jira.fields import KINDS, RULES

Json = Any
_TOLD_BY_WORDS = (reading.word, reading.rank)
_BESIDE: Mapping[str, Mapping[str, Json]] = {
    "resolution": {"type": "boolean"},
    "task_kind": {"enum": sorted(set(map(str, KINDS.values())))},
}
"""Words that decide something else: whether a ticket was cancelled, of which kind a linked one is."""


def refuse_wrong_meanings(stream: str, values: Mapping[str, Any]) -> None:
    """UsageError for words that no field is read by, and for a word whose meaning is no value of its field."""
    rules = schema(f"streams/{stream}")["properties"]
    told = {"target", "priority"} if stream == "sla" else {"state"}
    told |= {name for name, rule in RULES[stream].items() if rule.read in _TOLD_BY_WORDS}
    known = {**{name: rules[name] for name in sorted(told)}, **_BESIDE}
    for name, words in values.items():
        where = f"streams.{stream}.values.{name}"
        if name not in known:
            fix = say("there are: {names}", names=", ".join(known))
            raise UsageError(say("no words are looked up for {name!r}", name=name), where=where, fix=fix)
        if not isinstance(words, Mapping):
            raise UsageError(say("this is no table of words"), where=where, fix=say('write "their word" = "our word"'))
        for word, meaning in words.items():
            if meaning is None or not Draft202012Validator(known[name]).is_valid(meaning):
                fix = say("choose {choice}", choice=_choice(known[name]))
                raise UsageError(
                    say("{word!r} cannot mean {meaning!r}", word=word, meaning=meaning), where=where, fix=fix
                )


def refuse_unknown_statuses(named: Mapping[str, Collection[str]], statuses: Sequence[Json]) -> None:
    """UsageError when the site has no status of a name or id that the configuration uses.

    Args:
        named: key in the configuration → names or ids of statuses that stand there.
        statuses: as Jira lists them to this account.
    """
    there = {str(one.get(key, "")).casefold() for one in statuses for key in ("id", "name")}
    for where, words in named.items():
        if unknown := [word for word in words if word.casefold() not in there]:
            shown = ", ".join(sorted({str(one.get("name")) for one in statuses})[:20])
            cause = say("it was renamed or deleted, or the account sees none of the projects that use it")
            raise UsageError(
                say("Jira has no status {unknown!r}", unknown=unknown[0]),
                where=where,
                cause=cause,
                fix=say("there are: {shown}", shown=shown),
            )


def _choice(rule: Mapping[str, Any]) -> str:
    if "enum" in rule:
        return say("one of {names}", names=", ".join(str(word) for word in rule["enum"] if word is not None))
    if "minimum" in rule:
        return say("a number from {least} to {most}", least=rule["minimum"], most=rule.get("maximum", "…"))
    return say("true or false")
