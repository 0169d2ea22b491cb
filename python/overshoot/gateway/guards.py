"""What every request passes: its host, its origin, and how errors are told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import ceil
from typing import TYPE_CHECKING, TypeAlias

from aiohttp import web

from overshoot.errors import ApiError, RateLimitError, ServerError, api_error
from overshoot.gateway.request_log import request_id_of
from overshoot.log import get_logger
from overshoot.wire import encode_error, to_json
from overshoot.wire.json_text import is_object

if TYPE_CHECKING:
    from overshoot.gateway.settings import GatewaySettings

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = get_logger(__name__)

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
CORS_HEADERS = web.RequestKey("CORS_HEADERS", dict[str, str])
"""What the answer to a page must carry, for handlers that send it piece by piece."""
_ROUTE_COOKIE = "media-gateway-route"
_FORBIDDEN = 403
_MISDIRECTED = 421
_RETRY_SECONDS = 5
_CORS = {
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Headers": (
        "authorization,content-type,if-match,traceparent,tracestate,x-request-id"
    ),
    "Access-Control-Allow-Methods": "GET,POST,PATCH,DELETE,OPTIONS",
    "Access-Control-Expose-Headers": "ETag,Link,Location,Retry-After,X-Request-Id,X-Stream-Id",
    "Access-Control-Max-Age": "600",
}


def guards(settings: GatewaySettings) -> list[Callable[..., Awaitable[web.StreamResponse]]]:
    """The middlewares of the gateway, outermost first."""
    cors = _cors(settings.allowed_origins, own_pages=settings.console)
    return [cors, _errors, _hosts(settings.allowed_hosts), _route_cookie]


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error as JSON, and nothing of our inside in it."""
    try:
        return await handler(request)
    except ApiError as error:
        return error_response(request, error)
    except web.HTTPException as error:
        # What a page at an unknown path of this gateway wants with a WebSocket is not our business.
        upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
        status = _FORBIDDEN if upgrade and error.status == web.HTTPNotFound.status_code else 0
        failure = api_error(
            status or error.status, f"{request.method} {request.path}: {error.reason}"
        )
        response = error_response(request, failure)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except Exception:  # noqa: BLE001 - the last door before the network
        _log.exception("request_failed", path=request.path)
        return error_response(request, ServerError("the gateway failed"))


def error_response(request: web.Request, error: ApiError) -> web.Response:
    """The answer to ``request`` that tells an error."""
    body = encode_error(error, request_id_of(request))
    response = web.json_response(body, status=error.status_code, dumps=to_json)
    if isinstance(error, RateLimitError):
        response.headers["Retry-After"] = str(_retry_seconds(error))
    return response


def _retry_seconds(error: RateLimitError) -> int:
    told = error.details.get("retry_after_seconds") if is_object(error.details) else None
    return _RETRY_SECONDS if told is None else ceil(told)


def _hosts(allowed: tuple[str, ...]) -> Callable[..., Awaitable[web.StreamResponse]]:
    known = _LOOPBACK | {host.lower() for host in allowed}

    @web.middleware
    async def check_host(request: web.Request, handler: Handler) -> web.StreamResponse:
        # A page whose name was pointed at this machine (DNS rebinding) gives itself away here.
        if "*" not in known and _name_of(request.headers.get("Host", "")) not in known:
            msg = "this gateway does not go by that host name; add it to allowed_hosts"
            raise api_error(_MISDIRECTED, msg)
        return await handler(request)

    return check_host


def _name_of(host: str) -> str:
    host = host.strip().lower()
    if host.startswith("["):
        return host[: host.find("]") + 1]
    return host.rsplit(":", 1)[0] if ":" in host else host


def _is_of(origin: str, host: str) -> bool:
    scheme, _, name = origin.lower().partition("://")
    return scheme in {"http", "https"} and bool(name) and name == host.strip().lower()


def _cors(
    allowed: tuple[str, ...], *, own_pages: bool
) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def check_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        # The console's. Under a name that is none of ours, the next guard refuses it.
        if origin is None or (own_pages and _is_of(origin, request.headers.get("Host", ""))):
            return await handler(request)
        if origin not in allowed and "*" not in allowed:
            msg = "pages of this origin may not call this gateway; add it to allowed_origins"
            return error_response(request, api_error(_FORBIDDEN, msg))
        # Browsers send their cookies along, and then refuse the wildcard: the origin is echoed.
        headers = {"Access-Control-Allow-Origin": origin, "Vary": "Origin", **_CORS}
        # Where a route answers it, there is more to say.
        if request.method == "OPTIONS" and request.match_info.http_exception is not None:
            return web.Response(status=204, headers=headers)
        request[CORS_HEADERS] = headers
        response = await handler(request)
        if not response.prepared:
            response.headers.update(headers)
        return response

    return check_origin


@web.middleware
async def _route_cookie(request: web.Request, handler: Handler) -> web.StreamResponse:
    # The hosted gateway's balancer sets it, and clients bring it back; here it decides nothing.
    response = await handler(request)
    if not response.prepared and _ROUTE_COOKIE not in request.cookies:
        response.set_cookie(_ROUTE_COOKIE, "local", path="/", httponly=True)
    return response
