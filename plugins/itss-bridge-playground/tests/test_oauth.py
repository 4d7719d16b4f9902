"""The token endpoints: each takes and gives what its vendor's documents say, and issued tokens open the tool for a time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from itss_bridge_playground.oauth import CLIENT, CLIENT_SECRET
from itss_bridge_playground.playground import Playground

MAY = datetime(2016, 5, 1, tzinfo=UTC)
FORM = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": CLIENT_SECRET}


@pytest.fixture(scope="module")
def playgrounds() -> Iterator[dict[str, Playground]]:
    with Playground(MAY) as cloud, Playground(MAY, deployment="data-center") as own:
        yield {"cloud": cloud, "data-center": own}


def places(playgrounds, name) -> tuple[str, str, dict[str, str], int]:
    """Token endpoint, something to read, what the form needs besides, and how many seconds a token lasts."""
    cloud, own = playgrounds["cloud"], playgrounds["data-center"]
    site, below = cloud.atlassian.origin, own.atlassian.origin
    instance = cloud.servicenow.origin
    return {
        "servicenow": (f"{instance}/oauth_token.do", f"{instance}/api/now/table/incident?sysparm_limit=1", {}, 1799),
        "jira": (f"{cloud.identity.origin}/oauth/token", f"{site}/rest/api/3/myself", {}, 3600),
        "confluence": (f"{cloud.identity.origin}/oauth/token", f"{site}/wiki/rest/api/user/current", {}, 3600),
        "jira dc": (
            f"{below}/jira/rest/oauth2/latest/token",
            f"{below}/jira/rest/api/2/myself",
            {"scope": "READ"},
            3600,
        ),
        "confluence dc": (
            f"{below}/confluence/rest/oauth2/latest/token",
            f"{below}/confluence/rest/api/user/current",
            {"scope": "READ"},
            3600,
        ),
    }[name]


every_tool = pytest.mark.parametrize("name", ["servicenow", "jira", "confluence", "jira dc", "confluence dc"])


def opens(page: str, token: str) -> int:
    return requests.get(page, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code


@every_tool
def test_a_token_opens_the_tool_and_no_other_text_does(playgrounds, name):
    endpoint, page, more, life = places(playgrounds, name)
    told = requests.post(endpoint, data=FORM | more, timeout=10)
    assert told.status_code == 200
    assert (told.json()["token_type"], told.json()["expires_in"]) == ("Bearer", life)
    token = told.json()["access_token"]
    assert [opens(page, one) for one in (token, token[:-1], "", CLIENT_SECRET)] == [200, 401, 401, 401]


@every_tool
@pytest.mark.parametrize("change", [{"client_secret": "stolen"}, {"client_id": "other"}, {"grant_type": "password"}])
def test_a_wrong_form_gets_no_token(playgrounds, name, change):
    endpoint, _, more, _ = places(playgrounds, name)
    refused = requests.post(endpoint, data=FORM | more | change, timeout=10)
    assert refused.status_code in {400, 401, 403}
    assert refused.json()["error"]
    assert "access_token" not in refused.text


@every_tool
def test_reading_the_endpoint_gives_no_token(playgrounds, name):
    endpoint, _, more, _ = places(playgrounds, name)
    assert "access_token" not in requests.get(endpoint, params=FORM | more, timeout=10).text


def test_data_center_wants_a_scope_and_the_cloud_takes_json_too(playgrounds):
    endpoint, _, _, _ = places(playgrounds, "jira dc")
    assert requests.post(endpoint, data=FORM, timeout=10).json()["error"] == "invalid_scope"
    endpoint, page, _, _ = places(playgrounds, "jira")
    assert opens(page, requests.post(endpoint, json=FORM, timeout=10).json()["access_token"]) == 200


def test_tokens_end_by_the_clock():
    with Playground(MAY) as playground:
        found = [places({"cloud": playground, "data-center": playground}, name) for name in ("servicenow", "jira")]
        tokens = [requests.post(endpoint, data=FORM, timeout=10).json()["access_token"] for endpoint, *_ in found]
        for minutes, statuses in ((29, [200, 200]), (30, [401, 200]), (60, [401, 401])):
            playground.move_to(MAY + timedelta(minutes=minutes))
            assert [opens(page, token) for (_, page, *_), token in zip(found, tokens, strict=True)] == statuses
