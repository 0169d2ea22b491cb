"""Every error a caller can catch.

::

    OvershootError                    base of everything this package raises on purpose
    ├── ApiError                      the gateway said no (.status_code .request_id .details)
    │   ├── ValidationError           400, 422: the request was wrong
    │   │   └── ConfigurationError    found wrong before anything was sent; also a ValueError
    │   ├── UnauthorizedError         401: the key is missing or wrong
    │   ├── InsufficientCreditsError  402
    │   ├── NotFoundError             404: no such stream, or it has ended
    │   ├── RateLimitError            429: too many streams or requests
    │   └── ServerError               5xx: the gateway failed
    ├── ProtocolError                 the other side sent something that is not the protocol
    ├── NetworkError                  no answer: refused, timed out, cut (.cause)
    ├── StreamEndedError              the gateway ended the stream (.reason)
    ├── SourceError                   a camera, file or URL cannot be opened or read
    ├── StoreError                    actions cannot be kept, read or exported
    ├── FrameError                    pixels of a wrong shape, type or size; also a ValueError
    ├── CallbackError                 a callback of the caller raised (.callback .cause)
    ├── AnswerError                   an answer is not the JSON it was read as; also a ValueError
    └── InferenceError                a backend could not answer
        └── ModelsMissingError        its networks are not installed: `overshoot models pull`

Messages say what was wrong, with which value, and what to do. They never carry keys or pixels.
`AuthenticationError` and `StreamClosedError` are `UnauthorizedError` and `StreamEndedError` under
the names of the service's later SDK.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

__all__ = [
    "AnswerError",
    "ApiError",
    "AuthenticationError",
    "CallbackError",
    "ConfigurationError",
    "FrameError",
    "InferenceError",
    "InsufficientCreditsError",
    "ModelsMissingError",
    "NetworkError",
    "NotFoundError",
    "OvershootError",
    "ProtocolError",
    "RateLimitError",
    "ServerError",
    "SourceError",
    "StoreError",
    "StreamClosedError",
    "StreamEndedError",
    "UnauthorizedError",
    "ValidationError",
    "api_error",
]


class OvershootError(Exception):
    """Base of every error that this package raises on purpose."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ApiError(OvershootError):
    """The gateway answered with an error status.

    ``status_code`` is always an int (HTTP status); ``request_id``, ``details`` and ``code`` (a word
    such as ``stream_not_found``) are what the gateway sent with it, or ``None``.
    """

    default_status = 500

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        request_id: str | None = None,
        details: Any = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status_code: int = self.default_status if status_code is None else status_code
        self.request_id = request_id
        self.details = details
        self.code = code


class ValidationError(ApiError):
    """The request was refused as wrong (400 or 422); ``details`` names the field."""

    default_status = 422


class ConfigurationError(ValidationError, ValueError):
    """A value of the caller's was found wrong before anything was sent."""


class UnauthorizedError(ApiError):
    """The API key is missing, wrong or revoked (401, or close code 1008 on the result socket)."""

    default_status = 401


class InsufficientCreditsError(ApiError):
    """The account has no credits left (402)."""

    default_status = 402


class NotFoundError(ApiError):
    """No such stream for this key, or it has already ended (404)."""

    default_status = 404


class RateLimitError(ApiError):
    """Too many concurrent streams or requests (429)."""

    default_status = 429


class ServerError(ApiError):
    """The gateway failed (5xx)."""

    default_status = 500


class ProtocolError(OvershootError):
    """The other side sent something that is not the protocol; the message says what was missing."""


class NetworkError(OvershootError):
    """The gateway could not be reached, or the connection was lost; ``cause`` is what was seen."""

    def __init__(self, message: str, cause: BaseException | None = None) -> None:
        super().__init__(message)
        self.cause = cause


class StreamEndedError(OvershootError):
    """The gateway ended the stream; ``reason`` is its word for it, such as ``lease_expired``."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class SourceError(OvershootError):
    """A camera, file, folder or URL cannot be opened or read."""


class StoreError(OvershootError):
    """Actions cannot be kept, read or exported; what was kept before is still there."""


class FrameError(OvershootError, ValueError):
    """A frame has a wrong shape, dtype or size."""


class CallbackError(OvershootError):
    """A callback of the caller's raised; the stream goes on.

    ``callback`` is its role (``"on_result"``, ``"frame_processor"`` …), ``cause`` what it raised.
    """

    def __init__(self, message: str, *, callback: str, cause: BaseException | None = None) -> None:
        super().__init__(message)
        self.callback = callback
        self.cause = cause


class AnswerError(OvershootError, ValueError):
    """A model's answer is not the JSON that it was read as; its text is in ``result``."""


class InferenceError(OvershootError):
    """An inference backend could not answer."""


class ModelsMissingError(InferenceError):
    """The networks a backend needs are not installed."""


AuthenticationError = UnauthorizedError
"""The name of the service's later SDK, and so is the next."""
StreamClosedError = StreamEndedError

_BY_STATUS: dict[int, type[ApiError]] = {
    HTTPStatus.BAD_REQUEST: ValidationError,
    HTTPStatus.UNAUTHORIZED: UnauthorizedError,
    HTTPStatus.PAYMENT_REQUIRED: InsufficientCreditsError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.UNPROCESSABLE_ENTITY: ValidationError,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimitError,
}


def api_error(
    status: int,
    message: str,
    *,
    request_id: str | None = None,
    details: Any = None,
    code: str | None = None,
) -> ApiError:
    """The error of the tree that belongs to an HTTP status."""
    kind = _BY_STATUS.get(status)
    if kind is None:
        kind = ServerError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ApiError
    return kind(message, status_code=status, request_id=request_id, details=details, code=code)
