import pytest

from exporter import errors
from exporter.upstream.status import refusal


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, errors.AuthRejected),
        (403, errors.AuthRejected),
        (404, errors.NotFound),
        (429, errors.RateLimited),
        (400, errors.ClientRefused),
        (418, errors.ClientRefused),
        (499, errors.ClientRefused),
        (300, errors.Redirected),
        (304, errors.Redirected),
        (500, errors.ServerFailed),
        (503, errors.ServerFailed),
        (599, errors.ServerFailed),
        (101, errors.InvalidResponse),
        (201, errors.InvalidResponse),
        (204, errors.InvalidResponse),
        (206, errors.InvalidResponse),
        (600, errors.InvalidResponse),
        (999, errors.InvalidResponse),
    ],
)
def test_each_status_has_one_reason(status, error):
    failure = refusal(status, "api.example.com", None)

    assert type(failure) is error
    assert str(failure).startswith(f"{status} from api.example.com")


def test_a_429_says_and_keeps_the_pause():
    failure = refusal(429, "api.example.com", 90.0)

    assert str(failure) == "429 from api.example.com: it asks for a pause of 90 s"
    assert isinstance(failure, errors.RateLimited)
    assert failure.pause == 90
