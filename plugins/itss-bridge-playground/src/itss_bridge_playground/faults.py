"""Faults that a tool, a proxy or a sign-on page can produce, switchable by name."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from itss_bridge_playground.server import Answer, Request

Fault = Callable[["Request", "Answer"], "Answer"]

LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head>"
    b"<body><form action='/login'><input name='user'><input name='password'></form></body></html>"
)


def login_page(_request: "Request", answer: "Answer") -> "Answer":
    """A sign-on page with status 200 where data was asked for."""
    answer.status, answer.body, answer.content_type = 200, LOGIN_PAGE, "text/html;charset=UTF-8"
    answer.headers.clear()
    return answer


def unauthorised(_request: "Request", answer: "Answer") -> "Answer":
    """The credentials are no longer accepted."""
    answer.status, answer.body = 401, {"error": {"message": "User Not Authenticated"}, "status": "failure"}
    answer.headers.clear()
    return answer


def unavailable(_request: "Request", answer: "Answer") -> "Answer":
    """The service is down for maintenance."""
    answer.status, answer.body = 503, {"error": {"message": "Service Unavailable"}}
    answer.headers.clear()
    return answer


FAULTS: dict[str, Fault] = {"login-page": login_page, "unauthorised": unauthorised, "unavailable": unavailable}
