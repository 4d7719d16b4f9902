"""A subset of JQL: enough of the language to ask for issues by project, type, status, id and time."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from operator import ge, gt, le, lt
from typing import Any

Row = Mapping[str, Any]
Test = Callable[[Row], bool]

FIRST_ID = 10_000
"""Issue id = this + the number in its key, in the one project there is."""

ALIASES = {
    "type": "issuetype",
    "key": "id",
    "issuekey": "id",
    "issue": "id",
    "createddate": "created",
    "updateddate": "updated",
}
NAMED = frozenset({"project", "issuetype", "status", "statuscategory"})
INSTANTS = frozenset({"created", "updated"})
ORDER_FIELDS_MAX = 7
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {">=": ge, ">": gt, "<=": le, "<": lt}
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
FORMATS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
_TOKEN = re.compile(r"""\s*(?:(?P<quoted>"[^"]*"|'[^']*')|(?P<sign>>=|<=|!=|[=<>(),])|(?P<word>[^\s()=<>!,"']+))""")


class JqlError(ValueError):
    """The query cannot be answered; the text is what Jira would say."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a query is read against: the moment, the account's time zone, the names that exist per field."""

    now: datetime
    zone: tzinfo
    names: Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. *test* is None when nothing restricts it; *order* is (field, descending)."""

    test: Test | None
    order: tuple[tuple[str, bool], ...]


def parse(text: str, context: Context) -> Query:
    """Read a query; JqlError in Jira's words when it cannot be read or names what does not exist."""
    return _Parser(text, context).query()


class _Parser:
    def __init__(self, text: str, context: Context) -> None:
        self.tokens = _tokens(text)
        self.context = context
        self.at = 0

    def query(self) -> Query:
        test = None if self.peek() in {"", "order"} else self.either()
        order = self.order() if self.accept("order") else ()
        if self.peek():
            raise self.unexpected("end of query")
        return Query(test, order)

    def either(self) -> Test:
        tests = [self.both()]
        while self.accept("or"):
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.accept("and"):
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def one(self) -> Test:
        if self.accept("not"):
            test = self.one()
            return lambda row: not test(row)
        if self.accept("("):
            test = self.either()
            self.expect(")")
            return test
        return self.clause()

    def clause(self) -> Test:
        field = self.field()
        negated = self.accept("not")
        if negated or self.peek() == "in":
            self.expect("in")
            test = self.member(field, self.values())
        else:
            negated = self.peek() == "!="
            test = self.comparison(field, self.take().lower())
        return (lambda row: not test(row)) if negated else test

    def comparison(self, field: str, sign: str) -> Test:
        if sign in {"=", "!="}:
            return self.member(field, [self.take()])
        if sign not in COMPARE:
            raise JqlError(f"Error in the JQL Query: Expecting operator but got '{sign}'.")
        if field in NAMED:
            raise JqlError(f"The operator '{sign}' is not supported by the '{field}' field.")
        compare, bound = COMPARE[sign], self.bound(field, self.take())
        return lambda row: compare(row[field], bound)

    def member(self, field: str, literals: list[str]) -> Test:
        if field not in NAMED:
            wanted = {self.bound(field, literal) for literal in literals}
            return lambda row: row[field] in wanted
        known = self.context.names[field]
        for literal in literals:
            if literal.lower() not in known:
                raise JqlError(f"The value '{literal}' does not exist for the field '{field}'.")
        names = {literal.lower() for literal in literals}
        return lambda row: not names.isdisjoint(row[field])

    def bound(self, field: str, literal: str) -> Any:
        return _instant(field, literal, self.context) if field in INSTANTS else _number(literal)

    def values(self) -> list[str]:
        self.expect("(")
        values = [self.take()]
        while self.accept(","):
            values.append(self.take())
        self.expect(")")
        return values

    def order(self) -> tuple[tuple[str, bool], ...]:
        self.expect("by")
        order = [self.direction()]
        while self.accept(","):
            order.append(self.direction())
        if len(order) > ORDER_FIELDS_MAX:
            raise JqlError(f"The maximum number of order by fields is {ORDER_FIELDS_MAX}.")
        return tuple(order)

    def direction(self) -> tuple[str, bool]:
        field = self.field()
        if field in NAMED:
            raise JqlError(f"Not able to sort using field '{field}'.")
        if self.accept("desc"):
            return field, True
        self.accept("asc")
        return field, False

    def field(self) -> str:
        word = self.take()
        field = ALIASES.get(word.lower(), word.lower())
        if field not in NAMED | INSTANTS | {"id"}:
            raise JqlError(f"Field '{word}' does not exist or you do not have permission to view it.")
        return field

    def peek(self) -> str:
        return self.tokens[self.at].lower() if self.at < len(self.tokens) else ""

    def take(self) -> str:
        if self.at >= len(self.tokens):
            raise self.unexpected("a value")
        self.at += 1
        token = self.tokens[self.at - 1]
        return token[1:-1] if token[0] in "\"'" else token

    def accept(self, word: str) -> bool:
        found = self.peek() == word
        self.at += found
        return found

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise self.unexpected(f"'{word}'")

    def unexpected(self, wanted: str) -> JqlError:
        found = f"before '{self.tokens[self.at]}'" if self.at < len(self.tokens) else "before the end of the query"
        return JqlError(f"Error in the JQL Query: Expecting {wanted} {found}.")


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise JqlError(f"Error in the JQL Query: The character at {at + 1} cannot be read. (line 1)")
        tokens.append(match[match.lastgroup or 0])
        at = match.end()
    return tokens


def _number(literal: str) -> int:
    _project, dash, number = literal.rpartition("-")
    if not number.isdigit():
        raise JqlError(f"The issue key '{literal}' for field 'id' is invalid.")
    return int(number) + (FIRST_ID if dash else 0)


def _instant(field: str, literal: str, context: Context) -> datetime:
    if re.fullmatch(r"\d+", literal):
        return datetime.fromtimestamp(int(literal) / 1000, UTC)
    if match := re.fullmatch(r"([+-]?\d+)([mhdw])", literal):
        return context.now + timedelta(**{UNITS[match[2]]: int(match[1])})
    for pattern in FORMATS:
        try:
            return datetime.strptime(literal, pattern).replace(tzinfo=context.zone).astimezone(UTC)
        except ValueError:
            continue
    raise JqlError(
        f"Date value '{literal}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
        "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    )
