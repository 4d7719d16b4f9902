"""What both stand-in Confluences take from a publisher: as the vendor describes it, in its words, and nothing more."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from jsonschema import Draft202012Validator

from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence import Confluence
from itss_bridge_playground.confluence_dc import ConfluenceDataCenter
from itss_bridge_playground.server import ToolServer

SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED", Path(__file__).parents[4] / "shared"))
SPECS = {name: SHARED / f"apis/specs/{file}" for name, file in (
    ("cloud", "confluence-cloud-v2.oas3.json"), ("data-center", "confluence-dc-10.0.3.oas3.json")
)}  # fmt: skip
JUNE = datetime(2016, 6, 1, tzinfo=UTC)
AUTH = ("bridge@acme.example", "playground")
BODY = '<h2>矩阵</h2><ac:structured-macro ac:name="toc"/>'


class Site:
    """One stand-in and how its pages and properties are written."""

    def __init__(self, deployment):
        self.cloud = deployment == "cloud"
        self.spec = SPECS[deployment]
        clock = Clock(JUNE)
        self.tool = (Confluence if self.cloud else ConfluenceDataCenter)(clock)
        self.tool.operations = ["read", "create", "update"]
        self.server = ToolServer(self.tool, clock)
        self.base = self.server.origin + ("/wiki/api/v2" if self.cloud else "/confluence/rest/api")
        self.pages = "/pages" if self.cloud else "/content"
        self.properties = "properties" if self.cloud else "property"

    def send(self, method, path, body, expected=200):
        answer = requests.request(method, self.base + path, json=body, auth=AUTH, timeout=10)
        assert answer.status_code == expected, answer.text[:300]
        return answer.json()

    def page(self, title="矩阵", body=BODY, **more):
        if self.cloud:
            text = {"representation": "storage", "value": body}
            return {"spaceId": "98306", "status": "current", "title": title, "body": text} | more
        text = {"storage": {"representation": "storage", "value": body}}
        return {"type": "page", "space": {"key": "QMS"}, "title": title, "body": text} | more

    def version(self, number, title="矩阵", body=BODY, **more):
        at = {"number": number, "message": "as of June"}
        return self.page(title, body) | {"id": self.made, "version": at} | more

    def make(self, **more):
        made = self.send("POST", self.pages, self.page(**more))
        self.made = made["id"]
        return made

    def fits(self, template, method, body, answer):
        """Request and answer against the vendor's own description."""
        if not self.spec.is_file():
            pytest.skip(f"the vendor's description is not here: {self.spec}")
        spec = json.loads(self.spec.read_text("utf-8"))
        operation = spec["paths"][template if self.cloud else f"/rest/api{template}"][method]
        asked = operation["requestBody"]
        asked = spec["components"]["requestBodies"][asked["$ref"].rpartition("/")[2]] if "$ref" in asked else asked
        for schema, document in (
            (asked["content"]["application/json"]["schema"], body),
            (operation["responses"]["200"]["content"]["application/json"]["schema"], answer),
        ):
            Draft202012Validator(loose(schema) | {"components": loose(spec["components"])}).validate(document)


def loose(schema):
    """What the vendor says in prose alone: null where there is nothing, and any JSON as a property's value."""
    if isinstance(schema, list):
        return [loose(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    fresh = {name: loose(one) for name, one in schema.items()}
    if fresh.get("$ref", "").endswith("/JsonString"):
        return {}
    if isinstance(fresh.get("type"), str) and (
        fresh.pop("nullable", False) or "or null" in fresh.get("description", "")
    ):
        fresh["type"] = [fresh["type"], "null"]
    if "oneOf" in fresh:
        fresh["anyOf"] = fresh.pop("oneOf")
    return fresh


@pytest.fixture(params=["cloud", "data-center"])
def site(request):
    site = Site(request.param)
    with site.server:
        yield site


def test_requests_and_answers_fit_the_vendors_description(site):
    page = site.page()
    made = site.make()
    site.fits(site.pages, "post", page, made)
    update = site.version(2, body="<p>zwei</p>")
    template = "/pages/{id}" if site.cloud else "/content/{contentId}"
    site.fits(template, "put", update, site.send("PUT", f"{site.pages}/{site.made}", update))
    kept = {"key": "k", "value": {"digest": "1"}}
    owner = f"{site.pages}/{site.made}/{site.properties}"
    note = site.send("POST", owner, kept)
    site.fits("/pages/{page-id}/properties" if site.cloud else "/content/{id}/property", "post", kept, note)
    renewed = kept | {"id": note["id"], "version": {"number": 2}}
    again = site.send("PUT", f"{owner}/{note['id'] if site.cloud else 'k'}", renewed)
    template = "/pages/{page-id}/properties/{property-id}" if site.cloud else "/content/{id}/property/{key}"
    site.fits(template, "put", renewed, again)
    assert again["version"]["number"] == 2


def test_a_page_is_made_below_its_parent_or_the_home(site):
    made = site.make()
    assert site.tool.pages[-1].parent == site.tool.pages[0].id
    below = {"parentId": made["id"]} if site.cloud else {"ancestors": [{"id": made["id"]}]}
    site.make(title="unter", **below)
    assert str(site.tool.pages[-1].parent) == made["id"]


def test_a_version_keeps_the_place_and_an_old_number_is_a_conflict(site):
    site.make()
    parent = site.tool.pages[-1].parent
    for number in (1, 3, None):
        site.send("PUT", f"{site.pages}/{site.made}", site.version(number), expected=409)
    site.send("PUT", f"{site.pages}/{site.made}", site.version(2, title="anders", body="<p>2</p>"))
    page = site.tool.pages[-1]
    assert (page.title, page.parent, page.body(JUNE), len(page.versions)) == ("anders", parent, "<p>2</p>", 2)


def test_a_title_is_used_once_and_is_free_again_in_the_trash(site):
    error = site.send("POST", site.pages, site.page(title="事件管理程序"), expected=400)
    assert "already exists" in json.dumps(error)
    taken = next(page for page in site.tool.pages if page.title == "事件管理程序")
    site.tool.edit(taken.id, trashed_at=JUNE)
    site.make(title="事件管理程序")


@pytest.mark.parametrize("body", ["<p>", "<p>&nonsense;</p>", "<ac:x></p>", "a & b", "<p>\x00</p>"])
def test_a_body_that_is_no_xml_is_refused(site, body):
    assert "xhtml" in json.dumps(site.send("POST", site.pages, site.page(body=body), expected=400))


def test_html_names_of_characters_are_known_to_confluence(site):
    site.make(body="<p>eins&nbsp;zwei &lt; drei</p>")


def test_a_body_beyond_five_megabytes_is_refused(site):
    site.send("POST", site.pages, site.page(body=f"<p>{'x' * 5_000_000}</p>"), expected=413)


@pytest.mark.parametrize("missing", ["create", "update"])
def test_without_the_right_nothing_is_written(site, missing):
    site.make()
    site.tool.operations.remove(missing)
    refused = 404 if site.cloud else 403
    count = len(site.tool.pages)
    site.send("POST", site.pages, site.page(title="zwei"), expected=refused if missing == "create" else 200)
    site.send("PUT", f"{site.pages}/{site.made}", site.version(2), expected=refused if missing == "update" else 200)
    assert len(site.tool.pages) == count + (missing == "update")


def test_a_property_is_made_once_and_renewed_by_number(site):
    site.make()
    owner = f"{site.pages}/{site.made}/{site.properties}"
    note = site.send("POST", owner, {"key": "k", "value": {}})
    site.send("POST", owner, {"key": "k", "value": {}}, expected=400)
    path = f"{owner}/{note['id'] if site.cloud else 'k'}"
    site.send("PUT", path, {"id": note["id"], "key": "k", "value": {}, "version": {"number": 1}}, expected=409)
    site.send(
        "PUT",
        f"{owner}/{'12' if site.cloud else 'other'}",
        {"key": "k", "value": {}},
        expected=404 if site.cloud else 400,
    )


def test_a_page_that_is_not_there_cannot_be_changed(site):
    site.made = "1"
    site.send("PUT", f"{site.pages}/1", site.version(2), expected=404)
    site.send("POST", f"{site.pages}/1/{site.properties}", {"key": "k", "value": 1}, expected=404)
    wrong = {"spaceId": "1"} if site.cloud else {"space": {"key": "HR"}}
    site.send("POST", site.pages, site.page() | wrong, expected=404)


def test_a_request_without_an_object_is_refused(site):
    site.send("POST", site.pages, [1], expected=400)


def test_people_edit_pages_too(site):
    site.make()
    number = int(site.made)
    site.tool.edit(number, parent=site.tool.pages[3].id)
    assert len(site.tool.pages[-1].versions) == 1, "a move is no version"
    site.tool.edit(number, title="umbenannt")
    site.tool.edit(number, body="<p>von Hand</p>")
    page = site.tool.pages[-1]
    assert (page.title, [version.author for version in page.versions]) == (
        "umbenannt",
        ["bridge", "somebody", "somebody"],
    )
    assert page.bodies == (BODY, BODY, "<p>von Hand</p>")
