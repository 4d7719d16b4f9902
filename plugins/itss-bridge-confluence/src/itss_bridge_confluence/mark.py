"""By what a page that itss-bridge publishes is known: a content property, and a mark in its body.

People can edit neither by accident: the property is shown nowhere, the mark is an anchor. The page's body and the mark
arrive in one request, the property in the next, so that a page whose property never arrived is known all the same.
"""

import re

PROPERTY = "itss-bridge-page"
_MARK = re.compile(r'<ac:parameter ac:name="">\s*(itss-bridge-page-[0-9a-f]{16})\s*</ac:parameter>')


def marked(body: str, key: str) -> str:
    """The body with the mark at its end, where it takes no room from what people read."""
    anchor = (
        f'<ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">{key}</ac:parameter></ac:structured-macro>'
    )
    return f"{body}<p>{anchor}</p>"


def mark(body: str) -> str:
    """The key in a body's mark; empty where it has none."""
    found = _MARK.search(body)
    return found[1] if found else ""
