"""What the account could write, by its roles."""

import pytest

from itss_bridge.errors import AccessDenied
from itss_bridge_servicenow.mapping import STREAMS
from itss_bridge_servicenow.rights import writable


def test_roles_that_write_are_named(server, connect) -> None:
    assert connect().writable() == {"itil": "incidents, problems, changes and other tickets"}
    assert {exchange.method for exchange in server.log} == {"GET"}
    assert len(server.log) == 2


def test_the_role_that_refuses_every_write_outweighs_others(server, connect) -> None:
    server.break_with("read-only")
    assert connect().writable() == {}
    assert writable(["admin", "itil", "snc_read_only"]) == {}


def test_roles_that_tell_nothing_leave_it_untold() -> None:
    assert writable([]) is None
    assert writable(["sn_incident_read", "u_own_role"]) is None
    assert set(writable(["u_own_role", "admin"]) or ()) == {"admin"}


def test_a_table_of_roles_that_may_not_be_read_is_a_refusal(server, connect) -> None:
    server.break_with("roles-denied")
    with pytest.raises(AccessDenied):
        connect().writable()


@pytest.mark.parametrize("shown", [[], [{"sys_id": "1"}, {"sys_id": "2"}]])
def test_an_instance_that_shows_others_than_us_tells_nothing(connect, monkeypatch, shown) -> None:
    connector = connect()
    monkeypatch.setattr("itss_bridge_servicenow.connector.result", lambda _: shown)
    assert connector.writable() is None


def test_roles_of_somebody_else_are_not_ours(connect, monkeypatch) -> None:
    answers = iter(
        [[{"sys_id": "us"}], [{"user": "us", "role.name": "snc_read_only"}, {"user": "them", "role.name": "x"}]]
    )
    connector = connect()
    monkeypatch.setattr("itss_bridge_servicenow.connector.result", lambda _: next(answers))
    assert connector.writable() is None


@pytest.mark.parametrize("stream", STREAMS)
def test_every_stream_asks_for_its_table(connect, stream: str) -> None:
    rights = connect().rights({"read": [stream]})
    assert next(right.name for right in rights if right.streams) == STREAMS[stream].table


def test_oauth_is_spoken_of_where_it_is_used_or_nothing_is_said(connect) -> None:
    url = {"url": "https://acme.service-now.com"}
    names = [
        [right.name for right in connect().rights(table)]
        for table in ({}, {**url, "auth": "oauth-client-credentials"}, {**url, "username": "bridge"})
    ]
    assert [any("oauth" in name for name in some) for some in names] == [True, True, False]
