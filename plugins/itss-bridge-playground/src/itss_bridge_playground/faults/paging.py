"""F4: pages that repeat, lie, overlap, come up short, or lead elsewhere."""

from dataclasses import replace
from itertools import count
from typing import Any

import orjson

from itss_bridge_playground.faults.dialects import Part, dialect, rows_of, set_rows
from itss_bridge_playground.faults.kind import EITHER, UNAVAILABLE, UNHARMED, Fault, Kind, Scene, Strikes, plain
from itss_bridge_playground.faults.world import Later, World, newest, oldest_of_the_day, share
from itss_bridge_playground.messages import Answer, Request

ELSEWHERE = "http://elsewhere.invalid"
_LIST = Strikes(Part.LIST)
_COUNTED = Strikes(Part.COUNT | Part.LIST)
_FEW, _MANY, _ABSURD = 7, 60, 10**9
_SMALL = 5


def _first_page(request: Request) -> Request:
    """The request without what says where to go on."""
    query = {name: values for name, values in request.query.items() if name not in ("cursor", "sysparm_offset")}
    body = request.body
    if dialect(request).name == "jira" and body:
        body = orjson.dumps({name: value for name, value in request.json().items() if name != "nextPageToken"})
    return replace(request, query=query, body=body)


def _lead_on(request: Request, answer: Answer, mark: str) -> Answer:
    """Make the answer promise another page, at *mark*."""
    if dialect(request).name == "jira":
        answer.body |= {"nextPageToken": mark, "isLast": False}
    elif dialect(request).name == "confluence":
        answer.body.setdefault("_links", {})["next"] = f"{request.path}?cursor={mark}"
    return answer


def _for_ever(*, new_marks: bool, empty: bool = False) -> Any:
    def play(scene: Scene) -> Fault:
        marks = count(1)

        def repeat(request: Request, _answer: Answer) -> Answer:
            page = scene.ask(_first_page(request))
            if empty:
                set_rows(request, page, [])
                page.headers |= {"X-Total-Count": str(_ABSURD)} if "X-Total-Count" in page.headers else {}
            return _lead_on(request, page, f"page-{next(marks)}" if new_marks else "page-1")

        return repeat

    return play


def _totals(change: int) -> Fault:
    def lie(request: Request, answer: Answer) -> Answer:
        if "X-Total-Count" in answer.headers:
            answer.headers["X-Total-Count"] = str(max(0, int(answer.headers["X-Total-Count"]) + change))
        if Part.COUNT & dialect(request).part(request):
            answer.body = _counted(answer.body, change)
        return answer

    return lie


def _counted(body: Any, change: int) -> Any:
    if "count" in body:
        return {"count": max(0, body["count"] + change)}
    return {"result": {"stats": {"count": str(max(0, int(body["result"]["stats"]["count"]) + change))}}}


def _running_away(request: Request, answer: Answer) -> Answer:
    """The last page comes again at every further offset, and there is always one more to come."""
    if "X-Total-Count" in answer.headers:
        start, size = int(request.value("sysparm_offset", "0")), int(request.value("sysparm_limit", "1"))
        answer.headers["X-Total-Count"] = str(start + size + 1)
    return answer


def _no_totals(_request: Request, answer: Answer) -> Answer:
    answer.headers.pop("X-Total-Count", None)
    return answer


def _empty(request: Request, answer: Answer) -> Answer:
    """No rows, and the way on as it was."""
    set_rows(request, answer, [])
    return answer


def _overlapping(_scene: Scene) -> Fault:
    last: list[Any] = []

    def repeat(request: Request, answer: Answer) -> Answer:
        rows = rows_of(request, answer)
        set_rows(request, answer, [*last, *rows])
        last[:] = rows[-1:]
        return answer

    return repeat


def _lowered(request: Request, answer: Answer) -> Answer:
    """Two thirds of the page: at ServiceNow the rest is lost, for the offset goes on by the page asked for."""
    rows = rows_of(request, answer)
    if dialect(request).name == "servicenow":
        set_rows(request, answer, rows[: -(-len(rows) * 2 // 3)])
    return answer


def _smaller_pages(scene: Scene) -> Fault:
    """Atlassian's servers may give fewer than asked; their marks account for it."""

    def smaller(request: Request, answer: Answer) -> Answer:
        if dialect(request).name == "servicenow":
            return _lowered(request, answer)
        if dialect(request).name == "jira":
            return scene.ask(replace(request, body=orjson.dumps({**request.json(), "maxResults": _SMALL})))
        return scene.ask(replace(request, query={**request.query, "limit": [str(_SMALL)]}))

    return smaller


def _links_elsewhere(request: Request, answer: Answer) -> Answer:
    """Every pointer to a next page names another host."""
    if isinstance(answer.body, dict):
        links = answer.body.get("_links", {})
        if "next" in links:
            links["next"] = f"{ELSEWHERE}{links['next']}"
            links["base"] = f"{ELSEWHERE}/wiki"
        answer.body |= {"nextPage": f"{ELSEWHERE}{request.path}", "self": f"{ELSEWHERE}{request.path}"}
    answer.headers["Link"] = f'<{ELSEWHERE}{request.path}>;rel="next"'
    return answer


def _access_rules(scene: Scene) -> Fault:
    """A sixteenth of the rows may not be seen; ServiceNow counts them all the same, Atlassian's tools do not."""
    return World(scene, share(scene, 1 / 16), counted=scene.tool.name == "servicenow")


KINDS = (
    Kind("same-page-for-ever", "F4", "every page is the first one, with a new mark", _LIST, UNAVAILABLE,
         _for_ever(new_marks=True)),
    Kind("repeated-mark", "F4", "every page is the first one and names the same next one", _LIST, UNAVAILABLE,
         _for_ever(new_marks=False)),
    Kind("empty-pages-for-ever", "F4", "empty pages that promise more, or a total of a thousand million", _LIST,
         UNAVAILABLE, _for_ever(new_marks=True, empty=True)),
    Kind("total-high", "F4", "totals are a few too high", _COUNTED, EITHER, plain(_totals(+_FEW))),
    Kind("total-low", "F4", "totals are a few too low", _COUNTED, UNHARMED, plain(_totals(-_FEW))),
    Kind("total-much-too-low", "F4", "totals are more than a page too low", _COUNTED, EITHER,
         plain(_totals(-_MANY))),
    Kind("total-low-in-lists", "F4", "totals of lists are more than a page too low", _LIST, EITHER,
         plain(_totals(-_MANY))),
    Kind("total-zero", "F4", "totals say that there is nothing", _COUNTED, EITHER, plain(_totals(-_ABSURD))),
    Kind("total-runs-away", "F4", "with every page the total grows by another page", _LIST, EITHER,
         plain(_running_away),
         ends_for=(("servicenow", UNAVAILABLE),)),
    Kind("total-missing", "F4", "lists do not say how many there are", _LIST, UNHARMED, plain(_no_totals),
         ends_for=(("servicenow", UNAVAILABLE),)),
    Kind("empty-page-in-the-middle", "F4", "the second page of the run has no rows", Strikes(Part.LIST, 1, 1),
         EITHER, plain(_empty)),
    Kind("row-on-two-pages", "F4", "the last row of a page comes again on the next one", _LIST, UNHARMED, _overlapping),
    Kind("row-inserted-between-pages", "F4", "a record appears while pages are read", Strikes(), EITHER,
         lambda scene: Later(scene, newest(scene), 2, appears=True)),
    Kind("row-deleted-between-pages", "F4", "a record of an earlier page disappears while pages are read", Strikes(),
         EITHER, lambda scene: Later(scene, oldest_of_the_day(scene), 1, appears=False)),
    Kind("limit-lowered", "F4", "the server gives smaller pages than asked for", _LIST, UNHARMED, _smaller_pages,
         ends_for=(("servicenow", UNAVAILABLE),)),
    Kind("access-rules-shorten-pages", "F4", "rows that may not be seen are missing from pages", Strikes(), UNHARMED,
         _access_rules, ends_for=(("servicenow", UNAVAILABLE),)),
    Kind("next-page-elsewhere", "F4", "pointers to the next page name another host", _LIST, UNHARMED,
         plain(_links_elsewhere)),
)  # fmt: skip
