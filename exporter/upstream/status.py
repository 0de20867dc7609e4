"""What a status code means for a fetch, before anyone looks at the body."""

from http import HTTPStatus

from exporter.errors import (
    AuthRejected,
    ClientRefused,
    FetchError,
    InvalidResponse,
    NotFound,
    RateLimited,
    Redirected,
    ServerFailed,
)

_UNAUTHORIZED = (AuthRejected, ": the credentials are wrong, or not allowed to do this")
_SINGLE: dict[int, tuple[type[FetchError], str]] = {
    HTTPStatus.UNAUTHORIZED: _UNAUTHORIZED,
    HTTPStatus.FORBIDDEN: _UNAUTHORIZED,
    HTTPStatus.NOT_FOUND: (NotFound, ""),
}
_CLASSES: dict[int, tuple[type[FetchError], str]] = {
    3: (Redirected, ": redirects are not followed"),
    4: (ClientRefused, ""),
    5: (ServerFailed, ""),
}


def refusal(status: int, host: str, pause: float | None) -> FetchError:
    """Return the error for a status that is not 200; ``pause`` is what the vendor asked for, in seconds.

    The text holds nothing that the vendor wrote: it might be an echo of the credentials.
    """
    text = f"{status} from {host}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        asked = "" if pause is None else f": it asks for a pause of {pause:.0f} s"
        return RateLimited(text + asked, pause)
    if (single := _SINGLE.get(status)) is not None:
        error, meaning = single
    else:
        error, meaning = _CLASSES.get(status // 100, (InvalidResponse, ": only 200 makes sense"))
    return error(text + meaning)
