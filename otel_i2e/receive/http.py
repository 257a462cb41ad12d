"""OTLP/HTTP: the routes. Every path, known or not, stands behind the guard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from otel_i2e.receive.answers import CONTENT_TYPES, accepted_body, encoding_of, refused_body
from otel_i2e.receive.astray import astray
from otel_i2e.receive.body import BODY_SECONDS, Body
from otel_i2e.receive.guard import Guard
from otel_i2e.receive.intake import WRITING, Intake, busy
from otel_i2e.receive.refused import Refused
from otel_i2e.receive.services import SERVICES, Service

__all__ = ["HttpApp"]

T = TypeVar("T")


class HttpApp:
    """The ASGI application: `/v1/traces`, `/v1/logs`, `/healthz`, `/readyz`, all behind `guard`."""

    def __init__(self, intake: Intake, guard: Guard, *, body_seconds: float = BODY_SECONDS) -> None:
        self._intake = intake
        self._guard = guard
        self._body_seconds = body_seconds
        self._turn = asyncio.Semaphore(WRITING)
        self._workers = ThreadPoolExecutor(WRITING, "otel-i2e-http")
        self.routes = [
            Route(service.path + slash, self._endpoint(service), methods=["POST"])
            for service in SERVICES
            for slash in ("", "/")  # a redirect would lose what is sent: not every exporter follows one
        ]
        self.routes += [Route("/healthz", _healthy, methods=["GET"]), Route("/readyz", self._ready, methods=["GET"])]
        astray: dict[Any, Any] = {404: self._astray, 405: self._astray}
        self._router = Starlette(routes=self.routes, exception_handlers=astray)
        self._router.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request: the guard is asked before anything is routed."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            self._guard.check_headers(headers)
        except Refused as refused:
            answer = self._refusal(refused, headers.get("content-type", ""), Body(receive, self._intake))
            await answer(scope, receive, send)
        else:
            await self._router(scope, receive, send)

    def _endpoint(self, service: Service) -> Callable[[Request], Awaitable[Response]]:
        async def export(request: Request) -> Response:
            body = Body(request.receive, self._intake)
            try:
                return await self._export(service, request, body)
            except Refused as refused:
                return self._refusal(refused, request.headers.get("content-type", ""), body)
            finally:
                body.release()

        return export

    async def _export(self, service: Service, request: Request, body: Body) -> Response:
        content_type = request.headers.get("content-type", "")
        encoding = encoding_of(content_type)
        if encoding is None:
            known = " or ".join(CONTENT_TYPES)
            raise Refused("unknown content type", f"content type {content_type[:200]!r} is not OTLP's; send {known}")
        coding = request.headers.get("content-encoding", "").strip().lower()
        content = await body.read(request.headers.get("content-length", ""), self._body_seconds)
        accepted = await self._in_turn(
            lambda: self._intake.accept(service, encoding, coding, content, transport="http")
        )
        kind = next(name for name, of in CONTENT_TYPES.items() if of == encoding)
        return Response(accepted_body(service, accepted, encoding), headers={"content-type": kind})

    async def _astray(self, request: Request, error: HTTPException) -> Response:
        """A request to no path of ours, or by another method than its path takes."""
        refused = astray(request.method, request.url.path, by_method=error.status_code == 405)
        answer = self._refusal(refused, request.headers.get("content-type", ""), Body(request.receive, self._intake))
        answer.headers.update(error.headers or {})
        return answer

    async def _ready(self, _: Request) -> Response:
        why = await self._in_turn(self._intake.ready)
        return JSONResponse({"ready": why is None, "reason": why}, 200 if why is None else 503)

    async def _in_turn(self, work: Callable[[], T]) -> T:
        """`work` on a thread; first come, first served. Raises Refused, `busy`, after a bounded wait."""
        try:
            async with asyncio.timeout(self._intake.wait):
                await self._turn.acquire()
        except TimeoutError:
            raise busy() from None
        try:
            return await asyncio.get_running_loop().run_in_executor(self._workers, work)
        finally:
            self._turn.release()

    def _refusal(self, refused: Refused, content_type: str, body: Body) -> Response:
        """The answer that turns a request away."""
        self._intake.tally.add("refused", refused.reason)
        content, kind = refused_body(refused, encoding_of(content_type))
        headers = {"content-type": kind, "connection": "close"}
        if refused.retry_after is not None:
            headers["retry-after"] = str(refused.retry_after)
        if refused.http_status == 401:
            headers["www-authenticate"] = "Bearer"
        return _Refusal(body, content, refused.http_status, headers)


class _Refusal(Response):
    """Is sent at once; then reads on for a moment before the connection ends.

    A sender that is still writing would not see the answer of a connection closed on it (RFC 9112, 9.6).
    """

    def __init__(self, rest: Body, content: bytes, status: int, headers: dict[str, str]) -> None:
        super().__init__(content, status, headers)
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- ASGI
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        content = b"" if scope["method"] == "HEAD" else self.body
        await send({"type": "http.response.body", "body": content, "more_body": True})
        await self._rest.discard()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _healthy(_: Request) -> Response:
    return JSONResponse({"healthy": True})
