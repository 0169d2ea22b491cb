"""Which backend answers, as plain values; how it is asked is an adapter's business."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from attrs import field, frozen

from overshoot.domain.validation import a_callable, a_flag, a_number, a_text, a_whole_number, fail
from overshoot.errors import ConfigurationError

GEMINI_URL: Final = "https://generativelanguage.googleapis.com"


@frozen
class LocalInference:
    """The backend that looks at the pixels on this machine; ``"local"`` names it, too."""


def _a_key(owner: object, attribute: Any, value: object) -> None:
    if value is None:
        return
    fits = isinstance(value, str) and value and value.isascii() and value.isprintable()
    if not fits or " " in str(value):
        # What it holds is not repeated: a mistyped key is still a secret.
        message = f"{type(owner).__name__}.api_key is empty, or holds what no HTTP header carries"
        raise ConfigurationError(message, details={"field": "api_key"})


def _a_name_or_none(owner: object, attribute: Any, value: object) -> None:
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise fail(owner, attribute.name, "a name or None", value)


@frozen(kw_only=True)
class RemoteInference:
    """What backends that ask a model over HTTP have in common.

    Attributes:
        api_key: sent with each request; None sends none. Never shown.
        max_frames: frames of a clip that are shown, 1 to 64, spread evenly over it.
        contact_sheet: show the frames of a clip as one picture, a grid with their times in it,
            instead of one by one.
        image_side: pixels of the longer side that frames are scaled down to, 64 to 4096; a contact
            sheet is at most twice as long.
        jpeg_quality: 1 to 100.
        timeout_seconds: how long one answer may take with all that is tried for it; an
            `InferenceError` then says what came in the way.
        attempts: how often one request is sent, at most, when the server is busy, fails or cuts the
            connection, 1 to 10.
        concurrency: requests under way at the same time for all streams, 1 to 1024; others wait in
            the order in which they came.
        max_answer_bytes: a longer body is not read to its end.
        max_output_tokens: limit for streams that name none; None leaves it to the server.
    """

    api_key: str | None = field(default=None, repr=False, validator=_a_key)
    max_frames: int = field(default=8, validator=a_whole_number(1, 64, "frames"))
    contact_sheet: bool = field(default=False, validator=a_flag())
    image_side: int = field(default=512, validator=a_whole_number(64, 4096, "pixels"))
    jpeg_quality: int = field(default=80, validator=a_whole_number(1, 100))
    timeout_seconds: float = field(default=25.0, validator=a_number(0, 3600, "s", above=True))
    attempts: int = field(default=4, validator=a_whole_number(1, 10))
    concurrency: int = field(default=4, validator=a_whole_number(1, 1024))
    max_answer_bytes: int = field(default=1 << 20, validator=a_whole_number(1 << 10, 1 << 30))
    max_output_tokens: int | None = field(
        default=None, validator=a_whole_number(1, 1_000_000, "tokens", optional=True)
    )


def _address(owner: object, attribute: Any, value: Any) -> None:
    fault = _fault_of_address(value)
    if fault:
        # What it holds is not repeated: it may be a key in the wrong place.
        message = (
            f"{type(owner).__name__}.url must be an address such as http://127.0.0.1:8000/v1,"
            f" but {fault}"
        )
        raise ConfigurationError(message, details={"field": "url"})


def _fault_of_address(value: object) -> str:
    if not isinstance(value, str):
        return f"it is of type {type(value).__name__}"
    try:
        parts = urlsplit(value)
        whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return "it cannot be read as one"
    if parts.scheme not in {"http", "https"} or not whole or not value.isprintable():
        return "it names no host after http:// or https://"
    if "@" in parts.netloc:
        return "it holds a user or password, which belong in no address"
    if parts.query or parts.fragment:
        return "it has a query or fragment, to which no path can be added"
    return ""


def _with_version(url: Any) -> Any:
    """Servers are often named without the ``/v1`` that all of them have."""
    if not isinstance(url, str) or _fault_of_address(url.strip()):
        return url  # The validator says what is wrong with it.
    bare = url.strip().rstrip("/")
    return bare if urlsplit(bare).path else f"{bare}/v1"


@frozen(kw_only=True)
class OpenAIInference(RemoteInference):
    """Any server that speaks OpenAI's chat completions: vLLM, Ollama, llama.cpp, LM Studio, hosted.

    ::

        LocalGateway(backend=OpenAIInference(url="http://127.0.0.1:8000/v1"))

    The frames of each clip go to that server as JPEG. What it refuses (a schema, many pictures, a
    name of a field) is learnt from its refusal and asked for in another way.

    Attributes:
        url: where it is, with the part before ``/chat/completions``; ``/v1`` is added to a bare
            host.
        model: who answers all streams. None takes the model that a stream names where the server
            lists it, else the only one that it lists.
        extra_body: further fields of each request, such as ``{"temperature": 0}``; they replace
            ours of the same name.
    """

    url: str = field(converter=_with_version, validator=_address)
    model: str | None = field(default=None, validator=_a_name_or_none)
    extra_body: Mapping[str, Any] = field(factory=dict[str, Any])


@frozen(kw_only=True)
class GeminiInference(RemoteInference):
    """The Gemini API over Google's library; needs the extra ``gemini`` and a key.

    Attributes:
        model: who answers all streams.
        url: where the API is.
    """

    model: str = field(validator=a_text())
    url: str = field(default=GEMINI_URL, validator=_address)

    def __attrs_post_init__(self) -> None:
        if self.api_key is None:
            message = "GeminiInference.api_key is missing: give it, or set GEMINI_API_KEY"
            raise ConfigurationError(message, details={"field": "api_key"})


@frozen
class CallableInference:
    """A function or class of the caller's.

    ::

        def count(request: InferenceRequest) -> dict[str, int]:
            return {"frames": len(request.frames)}

        LocalGateway(backend=CallableInference(count))

    It takes an `InferenceRequest` and returns text, a dict or list (sent as JSON) or an
    `InferenceAnswer`. Of a class one object is made for each stream, called with each request, and
    closed with the stream where it has a ``close``. Coroutine functions run on the event loop,
    others in threads, one call at a time for each stream. Where the caller of a stream gives up
    waiting, others go on.

    Attributes:
        function: what to call; nothing is given to the constructor of a class.
        workers: calls under way at the same time for all streams, 1 to 256; a coroutine function
            has no such limit.
        processes: call it in processes instead, which are ended when they hang. The function or
            class must be defined at the top of a module; frames are copied to it. Each stream of a
            class has a process of its own.
        name: what lists of models and messages call it; None is ``module:function``.
    """

    function: Callable[..., Any] = field(validator=a_callable())
    workers: int = field(default=4, kw_only=True, validator=a_whole_number(1, 256, "workers"))
    processes: bool = field(default=False, kw_only=True, validator=a_flag())
    name: str | None = field(default=None, kw_only=True, validator=_a_name_or_none)

    @property
    def label(self) -> str:
        """How it is called in messages, such as ``mymodule:count``."""
        if self.name is not None:
            return self.name
        named: str = getattr(self.function, "__qualname__", type(self.function).__qualname__)
        return f"{getattr(self.function, '__module__', '?')}:{named}"


BackendChoice: TypeAlias = LocalInference | OpenAIInference | GeminiInference | CallableInference


@frozen(kw_only=True)
class BackendOptions:
    """What may be said about a backend beside its name; None leaves it to the environment.

    Attributes:
        url: where its server is; OVERSHOOT_BACKEND_URL.
        model: who answers; OVERSHOOT_BACKEND_MODEL.
        key_file: a file that holds the key and nothing else. Without one the key is
            OVERSHOOT_BACKEND_KEY. The usual variables of a service (OPENAI_API_KEY, or
            GEMINI_API_KEY and GOOGLE_API_KEY) count for its own address alone: a key is not shown
            to other servers.
        workers: as `CallableInference.workers`.
        processes: as `CallableInference.processes`.
    """

    url: str | None = None
    model: str | None = None
    key_file: Path | None = None
    workers: int | None = None
    processes: bool = False
