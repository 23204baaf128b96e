"""The door of the page: whoever has no token gets nothing but a refusal.

viser serves every process and every web page of this machine, and has no hook to refuse one. So
the handshake of the websockets library below it is wrapped while viser starts, and the door is
then tried from outside: a viser that came up without it is not used. A proxy in front would not
do: viser's own port would stay open beside it.

The address holds the token once; the answer moves it into a cookie that no other site's page
sends (SameSite) and no script reads, and takes it out of the address bar.
"""

import hmac
import http.client
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from io import StringIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from dlm.errors import DlmError

if TYPE_CHECKING:
    import viser
    from websockets.http11 import Request, Response

HOST = "127.0.0.1"
_REFUSAL = (
    "This page needs the token of its owner: open the whole address that dlm spec design "
    "printed, with everything after the question mark.\n"
)


class Door:
    """Decides who comes in."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(24)
        self.cookie = f"dlm_design_{secrets.token_hex(4)}"  # cookies are shared between ports

    def check(self, request: "Request") -> "Response | None":
        """Return a refusal, a redirection that lets the token's holder in, or None for 'pass'."""
        address = urlsplit(request.path)
        offered = parse_qs(address.query).get("token", [""])[0]
        if offered and self._is_token(offered):
            return _answer(HTTPStatus.SEE_OTHER, "", {
                "Location": address.path,
                "Set-Cookie": f"{self.cookie}={self.token}; HttpOnly; SameSite=Lax; Path=/",
            })  # fmt: skip
        if offered or not self._is_token(self._shown(request)) or not _own_origin(request):
            return _answer(HTTPStatus.FORBIDDEN, _REFUSAL, {})
        return None

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self.token.encode())

    def _shown(self, request: "Request") -> str:
        """Return the token in the request's cookies, or nothing."""
        for header in request.headers.get_all("Cookie"):
            try:
                cookies = SimpleCookie(header)
            except CookieError:
                continue
            if self.cookie in cookies:
                return cookies[self.cookie].value
        return ""


def start_server(door: Door, port: int) -> "viser.ViserServer":
    """Return a viser server on 127.0.0.1 behind `door`, at `port` or the next free one.

    Raises DlmError where the door does not hold.
    """
    import viser

    with _handshakes_checked(door), redirect_stdout(StringIO()):  # viser prints where it is
        server = viser.ViserServer(host=HOST, port=port, label="dlm", verbose=False)
    if not _refuses_strangers(server.get_port()):
        stop_server(server)
        raise DlmError(
            f"viser {viser.__version__} serves this page to anyone on this machine", "",
            "install the version that dlm is tested with: pip install viser==1.1.1",
        )  # fmt: skip
    return server


def stop_server(server: "viser.ViserServer") -> None:
    """Stop without the line that viser prints."""
    with redirect_stdout(StringIO()):
        server.stop()


def address(server: "viser.ViserServer", door: Door) -> str:
    """Return the address that opens the page."""
    return f"http://{HOST}:{server.get_port()}/?token={door.token}"


@contextmanager
def _handshakes_checked(door: Door) -> Iterator[None]:
    """Let every websockets server that starts meanwhile ask the door first."""
    import websockets.asyncio.server as library

    plain: Any = library.serve

    def serve(*args: Any, process_request: Any = None, **options: Any) -> Any:
        def ask(connection: Any, request: "Request") -> Any:
            refusal = door.check(request)
            if refusal is not None or process_request is None:
                return refusal
            return process_request(connection, request)

        return plain(*args, process_request=ask, **options)

    library.serve = serve  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        library.serve = plain  # type: ignore[misc]


def _refuses_strangers(port: int) -> bool:
    """Return whether the page, and the websocket behind it, refuse who has no token."""
    upgrade = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }  # fmt: skip
    return all(_status(port, headers) == HTTPStatus.FORBIDDEN for headers in ({}, upgrade))


def _status(port: int, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", "/", headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _own_origin(request: "Request") -> bool:
    """Return whether a script that asks (a websocket names its page's origin) is the page's own."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("Host")


def _answer(status: HTTPStatus, body: str, headers: dict[str, str]) -> "Response":
    from websockets.datastructures import Headers
    from websockets.http11 import Response

    data = body.encode()
    fixed = {
        "Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(data)),
        "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Connection": "close",
    }  # fmt: skip
    return Response(status, status.phrase, Headers(**fixed, **headers), data)
