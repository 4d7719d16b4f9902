"""Checks of what a connector says of itself before anything is asked of the tool."""

import re
from collections.abc import Collection, Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from itss_bridge.contracts import Right
from itss_bridge.data import stream_names
from itss_bridge.testing.bench import Bench, broken, demand, some
from itss_bridge.testing.given import Given

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_ENGINES_KEYS = frozenset({"url", "auth", "username", "secret", "streams", "connector", "ca_bundle", "in_flight"})
_SECRETIVE = re.compile(r"passw|secret|token|api_?key|credential", re.IGNORECASE)
_LONGEST_OVERLAP = timedelta(days=1)
_NO_SUCH_KEY = "no-such-key-4711"


def _told(right: Right) -> bool:
    texts = [text for both in (right.kind, right.purpose) for text in (both.en, both.zh)]
    return all(text.strip() for text in (right.name, *texts)) and set(right.streams) <= set(stream_names())


class Declared(Given):
    """Name, settings, schema, streams."""

    def test_it_has_a_name_and_a_title(self) -> None:
        name, title = getattr(self.connector, "name", None), getattr(self.connector, "title", None)
        demand(
            isinstance(name, str) and _NAME.fullmatch(name),
            f"its name is {name!r}",
            'give the class `name = "…"` in lower-case letters, digits, hyphens: it is what itss-bridge.toml says',
        )
        demand(
            isinstance(title, str) and title.strip(),
            f"its title is {title!r}",
            'give the class `title = "…"`: the tool',
        )

    def test_its_settings_are_of_their_kinds(self) -> None:
        overlap, posts = self.connector.overlap, self.connector.read_posts
        demand(
            isinstance(overlap, timedelta) and timedelta(0) <= overlap <= _LONGEST_OVERLAP,
            f"overlap is {overlap!r}",
            "give it the time by which the tool's index may be late: a timedelta of minutes, not below zero",
        )
        listed = isinstance(posts, Collection) and not isinstance(posts, str)
        demand(
            listed and all(isinstance(path, str) and path.startswith("/") and "*" not in path for path in posts),
            f"read_posts is {posts!r}",
            "list each path where POST only reads, from the slash on: a tuple, even of one",
        )
        demand(
            isinstance(self.connector.reads_files, bool),
            f"reads_files is {self.connector.reads_files!r}",
            "True or False",
        )

    def test_the_rights_it_needs_are_said_in_both_languages(self, still: Bench) -> None:
        for config in ({}, {**still.stand_in.config, "streams": still.stand_in.streams}):
            rights = list(self.connector.rights(config))
            wrong = [right for right in rights if not isinstance(right, Right) or not _told(right)]
            demand(
                not wrong,
                f"rights() gave {some(map(str, wrong))}",
                "give each as Right(kind, name, purpose) with Text of both languages; streams only of those it reads",
            )

    def test_its_config_schema_is_a_sound_json_schema(self) -> None:
        schema = self.connector.config_schema
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            broken(f"config_schema is no JSON Schema: {error.message}", f"see {error.json_path} of it")
        demand(
            isinstance(schema, Mapping) and schema.get("type") == "object",
            "config_schema does not describe an object",
            'begin it with {"type": "object", "properties": {…}}',
        )

    def test_the_configuration_under_test_passes_its_schema(self, still: Bench) -> None:
        errors = Draft202012Validator(self.connector.config_schema).iter_errors(dict(still.stand_in.config))
        found = [f"{error.json_path}: {error.message}" for error in errors]
        demand(not found, f"config of the stand-in is refused by config_schema: {some(found)}", "correct one of them")

    def test_a_key_it_does_not_know_is_refused(self, still: Bench) -> None:
        config = {**still.stand_in.config, _NO_SUCH_KEY: True}
        demand(
            not Draft202012Validator(self.connector.config_schema).is_valid(config),
            "config_schema lets a misspelt key pass",
            'add "additionalProperties": False to config_schema',
        )

    def test_it_leaves_the_engines_keys_and_all_secrets_to_the_engine(self) -> None:
        properties: Mapping[str, Any] = self.connector.config_schema.get("properties", {})
        engines = _ENGINES_KEYS & properties.keys()
        demand(
            not engines,
            f"config_schema describes {some(engines)}",
            "leave these keys out: the engine reads them, and judges them before you see any",
        )
        secretive = [
            key
            for key, rule in properties.items()
            if _SECRETIVE.search(key) or (isinstance(rule, Mapping) and rule.get("format") == "password")
        ]
        demand(
            not secretive,
            f"config_schema asks for a secret: {some(secretive)}",
            "leave it out: self.http puts the source's `secret` on each request, and itss-bridge.toml holds none",
        )

    def test_its_streams_are_known_and_always_the_same(self, still: Bench) -> None:
        one, other = still.connector(), still.connector()
        streams = list(one.streams())
        unknown = set(streams) - set(stream_names())
        demand(not unknown, f"streams() names {some(unknown)}", f"choose among: {', '.join(stream_names())}")
        demand(len(streams) == len(set(streams)), f"streams() names one twice: {streams}", "name each once")
        again = [list(one.streams()), list(other.streams())]
        demand(again == [streams, streams], f"streams() gave {streams}, then {again}", "let configuration alone decide")

    def test_making_it_asks_nothing_of_the_tool(self, still: Bench) -> None:
        server = still.server
        before = len(server.log)
        connector = still.connector()
        connector.streams()
        demand(
            len(server.log) == before,
            f"it asked the tool {len(server.log) - before} times before check()",
            "ask in check() or later: a wrong configuration is found before the first request",
        )

    def test_it_leaves_its_configuration_as_it_was(self, still: Bench) -> None:
        connector = still.connector()
        given = (still.config(), deepcopy(dict(still.stand_in.streams)))
        still.everything(connector)
        demand(
            (connector.config, connector.stream_config) == given,
            f"config and streams were {given}, and are now {(connector.config, connector.stream_config)}",
            "copy what you want to change",
        )
