"""What a request carries to say who asks."""

import base64
import re
from typing import Self

from requests import PreparedRequest
from requests.auth import AuthBase

from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge.secrets import MASK, Secret, revealed

_TOKEN = re.compile(r"[!-~]([ -~]*[!-~])?")
_NAME = re.compile(r"[A-Za-z0-9-]+")


class Credentials(AuthBase):
    """One header with a secret in it. `secrets` has every text that must never be shown."""

    def __init__(self, name: str, value: str, *, secrets: tuple[str, ...]) -> None:
        self.name = name
        self._value = Secret(value)
        self._secrets = tuple(Secret(secret) for secret in secrets)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Plain texts, for redaction only."""
        return tuple(secret.reveal() for secret in self._secrets)

    @classmethod
    def basic(cls, user: str, secret: str | Secret) -> Self:
        """User name and password or API token, in UTF-8.

        Raises:
            UsageError: one of them is empty, or the user name has a colon.
        """
        password = revealed(secret)
        if not user or ":" in user or not password:
            raise UsageError(
                say("basic authentication needs a user name without a colon, and a secret"), where="username"
            )
        pair = f"{user}:{password}"
        return cls("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}", secrets=(password, pair))

    @classmethod
    def bearer(cls, token: str | Secret) -> Self:
        """A bearer token: a personal access token or an OAuth access token.

        Raises:
            UsageError: the token cannot stand in a header.
        """
        return cls("Authorization", f"Bearer {sendable(token)}", secrets=(revealed(token),))

    @classmethod
    def header(cls, name: str, value: str | Secret) -> Self:
        """A header of the tool's own, such as `x-sn-apikey`.

        Raises:
            UsageError: the name or the value cannot stand in a header.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(say("the header's name may have letters, digits and hyphens only"), where="auth")
        return cls(name, sendable(value), secrets=(revealed(value),))

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Put the header on, over whatever stands there."""
        request.headers[self.name] = self._value.reveal()
        return request

    def __repr__(self) -> str:
        return f"Credentials({self.name}: {MASK})"


def sendable(secret: str | Secret) -> str:
    """The text of a secret that can stand in a header; UsageError for one that cannot."""
    if not _TOKEN.fullmatch(text := revealed(secret)):
        fix = say("copy it again: one line, no spaces around it")
        raise UsageError(say("the token is empty or has characters that no token has"), where="secret", fix=fix)
    return text
