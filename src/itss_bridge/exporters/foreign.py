"""Text that strangers wrote (ticket references, titles, addresses), made harmless before it is shown."""

import re
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import urlsplit

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# What a spreadsheet takes for the start of a formula, also behind white space, quotes or a byte order mark.
_TRIGGER = re.compile("^[\\s\ufeff\u200b\"']*[=+\\-@\uff1d\uff0b\uff0d\uff20|%]|^[\t\r\n]")
_UNSAFE_IN_URL = re.compile("[\\s\x00-\x20\x7f\\\\\"'<>`^{}|\ud800-\udfff]")
_LONGEST_URL = 2079
CELL_LIMIT = 32_767


def plain(text: str) -> str:
    """*text* without characters that XML forbids, and with Unix line ends."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take *text* for a formula when a person edits the cell or opens a CSV file."""
    return bool(_TRIGGER.match(text))


def cell(text: str, marker: str) -> str:
    """*text* fit for one spreadsheet cell; a longer one is cut and ends with *marker* (`{digest}` is filled)."""
    text = plain(text)
    if _units(text) <= CELL_LIMIT:
        return text
    ending = marker.format(digest=sha256(text.encode()).hexdigest()[:16])
    room = CELL_LIMIT - _units(ending)
    return text.encode("utf-16-le")[: 2 * room].decode("utf-16-le", "ignore") + ending


def link(url: str) -> str:
    """*url* if it may be followed from a report: https, or http to this machine; else an empty string."""
    if len(url) > _LONGEST_URL or _UNSAFE_IN_URL.search(url):
        return ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if not host or parts.username is not None or parts.password is not None:
        return ""
    return url if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)) else ""


def _units(text: str) -> int:
    """Length as spreadsheets count it: a character outside the basic plane takes two."""
    return len(text) + sum(character > "\uffff" for character in text)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
