"""Nobody sees the page, or speaks to the program behind it, without the token."""

import http.client
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from dlm.cli.design import guard
from dlm.errors import DlmError

viser = pytest.importorskip("viser", reason="the extra `design` is not installed")

UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol": f"viser-v{viser.__version__}",
}  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[guard.Door, int]]:
    door = guard.Door()
    server = guard.start_server(door, 8190)
    yield door, server.get_port()
    guard.stop_server(server)


def ask(port: int, path: str = "/", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    body = answer.read() if answer.status != 101 else b""
    connection.close()
    return answer.status, dict(answer.headers), body


def test_a_stranger_is_told_what_is_missing(served: tuple[guard.Door, int]) -> None:
    status, _, body = ask(served[1])
    assert status == 403
    assert b"needs the token" in body
    assert len(body.splitlines()) == 1


@pytest.mark.parametrize("path", ["/?token=wrong", "/index.html", "/..%2f", "/?token=", "/x"])
def test_no_path_leads_around_the_door(served: tuple[guard.Door, int], path: str) -> None:
    assert ask(served[1], path)[0] == 403


def test_the_token_is_moved_from_the_address_into_a_cookie(served: tuple[guard.Door, int]) -> None:
    door, port = served
    status, headers, _ = ask(port, f"/?token={door.token}")
    assert (status, headers["Location"]) == (303, "/")
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    status, _, body = ask(port, Cookie=cookie.partition(";")[0])
    assert status == 200
    assert b"<html" in body
    assert ask(port, "/?token=wrong", Cookie=cookie.partition(";")[0])[0] == 403


def test_the_websocket_is_behind_the_door_too(served: tuple[guard.Door, int]) -> None:
    door, port = served
    cookie = f"{door.cookie}={door.token}"
    assert ask(port, **UPGRADE)[0] == 403
    assert ask(port, **UPGRADE, Cookie=f"{door.cookie}=wrong")[0] == 403
    foreign = ask(port, **UPGRADE, Cookie=cookie, Origin="http://127.0.0.1:1")
    assert foreign[0] == 403  # another page of this machine, to which the browser gives cookies
    assert ask(port, **UPGRADE, Cookie=cookie, Origin=f"http://127.0.0.1:{port}")[0] == 101


def test_it_listens_on_this_machine_alone(served: tuple[guard.Door, int]) -> None:
    table = open("/proc/net/tcp").read()  # noqa: SIM115
    listening = [line.split()[1] for line in table.splitlines() if " 0A " in line]
    assert f"0100007F:{served[1]:04X}" in listening
    assert f"00000000:{served[1]:04X}" not in listening


def test_a_viser_without_the_door_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_handshakes_checked", lambda door: nullcontext())
    with pytest.raises(DlmError, match="serves this page to anyone") as caught:
        guard.start_server(guard.Door(), 8290)
    assert "pip install viser==" in str(caught.value)


def test_two_pages_have_different_tokens() -> None:
    assert guard.Door().token != guard.Door().token
    assert len(guard.Door().token) >= 32
