"""What to ask a Confluence administrator for."""

from collections.abc import Iterator, Mapping
from typing import Any

from itss_bridge.contracts import Right
from itss_bridge.model import Text

_SCOPE = Text("OAuth scope, or scope of the token", "OAuth 或令牌的授权范围（scope）")
_SCOPES = {
    "read:page:confluence": Text("Read pages and their versions.", "读取页面及其版本。"),
    "read:space:confluence": Text(
        "Find the spaces; see what the account may do in them.", "查找空间，并查看账号在其中的权限。"
    ),
    "read:label:confluence": Text("Read labels, which tie pages to requirements.", "读取标签：页面与条款靠标签对应。"),
    "search:confluence": Text("Read labels of many pages at once.", "批量读取页面标签。"),
    "read:content-details:confluence": Text("Read what search shows of a page.", "读取搜索结果中的页面信息。"),
    "read:user:confluence": Text("Read the account's own profile.", "读取账号自身的资料。"),
}


def rights(config: Mapping[str, Any]) -> Iterator[Right]:
    """The least that reading takes; see `Connector.rights`."""
    purpose = Text("Sign in to the interface.", "登录并使用接口。")
    yield Right(Text("Global permission", "全局权限"), "Can use", purpose)
    spaces = ", ".join(config.get("spaces", ())) or "…"
    purpose = Text(
        f"On the spaces to be read: {spaces}. Pages restricted from the account are absent without a trace: please "
        "confirm that it sees all of them.",
        f"所读取的空间：{spaces}。对该账号设有限制的页面不会留下任何痕迹，请确认其可查看全部页面。",
    )
    yield Right(Text("Space permission", "空间权限"), "View", purpose)
    if config.get("deployment") == "data-center":
        purpose = Text(
            "For an incoming OAuth link; a personal access token needs none.",
            "用于入站 OAuth 应用链接；个人访问令牌无需此项。",
        )
        yield Right(_SCOPE, "READ", purpose)
    else:
        yield from (Right(_SCOPE, name, purpose) for name, purpose in _SCOPES.items())
