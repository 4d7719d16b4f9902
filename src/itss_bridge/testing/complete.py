"""Checks of a full read against the truth: every record, once, as the tool has it, in the stream's own words."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
from jsonschema import Draft202012Validator, FormatChecker

from itss_bridge.contracts import Record
from itss_bridge.data import schema
from itss_bridge.errors import BridgeError
from itss_bridge.evidence import StreamRows
from itss_bridge.testing.bench import Bench, demand, some
from itss_bridge.testing.given import Given

_PSEUDONYM = re.compile(r"P-[0-9a-f]{16}")
_WRAPPED = re.compile(r"\s*[\[{<(].*[\]}>)]\s*", re.DOTALL)


class Complete(Given):
    """What a full read gives."""

    def test_a_full_read_gives_every_record_there_is(self, still: Bench) -> None:
        for stream in still.streams:
            missing = still.truth(stream).keys() - still.full(stream).ids.keys()
            demand(
                not missing,
                f"{stream}: {len(missing)} of {len(still.truth(stream))} records were not read: {some(missing)}",
                "look at the end of the walk and at the edges of slices: a short page need not be the last, "
                "rows with equal keys may lie on both sides of a page's end",
            )

    def test_a_full_read_gives_nothing_that_is_not_there(self, still: Bench) -> None:
        for stream in still.streams:
            strange = still.full(stream).ids.keys() - still.truth(stream).keys()
            demand(
                not strange,
                f"{stream}: {len(strange)} records are none of the stream: {some(strange)}",
                "use the tool's own unchanging id, and ask for this stream only",
            )

    def test_no_record_is_given_twice(self, still: Bench) -> None:
        for stream in still.streams:
            twice = [key for key, times in still.full(stream).ids.items() if times > 1]
            demand(
                not twice,
                f"{stream}: {len(twice)} ids came more than once: {some(twice)}",
                "cut slices that do not overlap; walk by a key, from the last one seen, exclusively",
            )

    def test_ids_and_references_are_texts(self, still: Bench) -> None:
        for stream, record in _records(still):
            for part, value in (("id", record.id), ("ref", record.ref)):
                demand(
                    isinstance(value, str) and value and value == value.strip(),
                    f"{stream}: {part} is {value!r}",
                    f"give {part} as a text, not empty and without spaces around it: str(…).strip()",
                )

    def test_every_record_has_an_address_at_the_tool(self, still: Bench) -> None:
        for stream, record in _records(still):
            if still.gate is None and record.url == "":
                continue
            demand(
                isinstance(record.url, str) and still.url and f"{record.url}/".startswith(f"{still.url}/"),
                f"{stream}: the address of {record.ref} is {record.url!r}",
                'begin it with self.config["url"]: an auditor follows it to the record, and to no other host',
            )

    def test_changed_at_is_an_instant_in_utc(self, still: Bench) -> None:
        for stream, record in _records(still):
            demand(
                _aware(record.changed_at) and record.changed_at.utcoffset() == UTC.utcoffset(None),
                f"{stream}: changed_at of {record.ref} is {record.changed_at!r}",
                "make it aware and turn it to UTC: .replace(tzinfo=<zone the tool writes in>).astimezone(UTC)",
            )

    def test_changed_at_is_when_the_tool_says_it_changed(self, still: Bench) -> None:
        for stream in still.streams:
            truth = still.truth(stream)
            for record in still.full(stream).records:
                due = truth.get(record.id, record.changed_at)
                demand(
                    record.changed_at == due,
                    f"{stream}: {record.ref} was changed at {due}, the connector says {record.changed_at}",
                    "read the tool's own time of update, whole, in the zone the API writes in (not the account's)",
                )

    def test_nothing_was_changed_after_the_tools_own_now(self, still: Bench) -> None:
        now = still.connector().check().server_time
        for stream, record in _records(still):
            demand(
                not _aware(record.changed_at) or not _aware(now) or record.changed_at <= now,
                f"{stream}: {record.ref} was changed at {record.changed_at}, and it is {now} at the tool",
                "a time in the future is a wrong zone, or a due date taken for a date of change",
            )

    def test_data_has_only_fields_of_its_stream(self, still: Bench) -> None:
        for stream, record in _records(still):
            strange = record.data.keys() - StreamRows.of(stream).columns.keys()
            demand(
                not strange,
                f"{stream}: {record.ref} has {some(strange)}",
                f"leave it out, or give it the name it has in schemas/streams/{stream}.json",
            )

    def test_values_fit_the_schema_of_their_stream(self, still: Bench) -> None:
        for stream in still.streams:
            judge = Draft202012Validator(schema(f"streams/{stream}"), format_checker=FormatChecker())
            for record in still.full(stream).records:
                for error in judge.iter_errors(dict(record.data)):
                    demand(
                        error.validator == "additionalProperties",
                        f"{stream}: {record.ref}: {error.json_path}: {error.message}",
                        "translate the tool's value; a field that cannot be read is left out, never guessed",
                    )

    def test_every_record_can_be_stored(self, still: Bench) -> None:
        for stream, record in _records(still):
            problem = _problem_of_storing(stream, record)
            demand(
                not problem,
                f"{stream}: {record.ref} cannot be kept: {problem}",
                "times need their zone, numbers are numbers, lists are lists; data is JSON",
            )

    def test_people_are_given_as_the_tool_names_them(self, still: Bench) -> None:
        known = set(still.stand_in.people)
        for stream, record in _records(still):
            for field in StreamRows.of(stream).people & record.data.keys():
                person = record.data[field]
                demand(
                    person is None or _is_name(person),
                    f"{stream}: {field} of {record.ref} is {person!r}",
                    "give the tool's own id or name of the person as a text; the engine makes the pseudonym. "
                    "Nobody is None, not an empty text",
                )
                demand(
                    person is None or not known or person in known,
                    f"{stream}: {field} of {record.ref} is {person!r}, which is nobody at the tool",
                    "don't shorten, join or encode it: two spellings would count as two people",
                )

    def test_people_stand_only_in_fields_for_people(self, still: Bench) -> None:
        for stream, record in _records(still):
            others = {k: v for k, v in record.data.items() if k not in StreamRows.of(stream).people}
            words = set(_texts([record.id, record.ref, others]))
            found = words & set(still.stand_in.people)
            demand(
                not found,
                f"{stream}: {record.ref} names {some(found)} outside the fields marked x-person",
                "leave the person out there: only marked fields become pseudonyms before they are stored",
            )

    def test_a_record_stays_as_it_was_given(self, still: Bench) -> None:
        for stream in still.streams:
            connector = still.connector()
            held, first = [], []
            for piece in connector.slices(stream, None):
                for page in still.bounded(connector.read(piece), stream, "read()"):
                    held.append(page)
                    first.append(repr(page))
            demand(
                [repr(page) for page in held] == first,
                f"{stream}: pages changed after they were given",
                "make a new list and a new dictionary for each page and record, don't fill the last one again",
            )


def _records(bench: Bench) -> Iterator[tuple[str, Record]]:
    return ((stream, record) for stream in bench.streams for record in bench.full(stream).records)


def _aware(moment: object) -> bool:
    return isinstance(moment, datetime) and moment.utcoffset() is not None


def _is_name(person: object) -> bool:
    if not isinstance(person, str) or not person.strip():
        return False
    return not (_PSEUDONYM.fullmatch(person) or _WRAPPED.fullmatch(person))


def _texts(value: Any) -> Iterator[str]:
    """All texts within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _problem_of_storing(stream: str, record: Record) -> str:
    try:
        orjson.dumps(dict(record.data))
        StreamRows.of(stream).stored("contract", record, str)
    except (BridgeError, AttributeError, TypeError, ValueError) as error:
        return str(error)
    return ""
