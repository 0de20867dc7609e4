"""What is right of a source that holds mistakes, so that its schedule can be judged in the same run."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeVar

from pydantic import ValidationError, create_model
from pydantic_core import ErrorDetails

from exporter.config.customer_list import CustomerList
from exporter.config.models import SourceConfig
from exporter.config.values import Surroundings

AnySource = TypeVar("AnySource", bound=SourceConfig)

# A mistake in these leaves it open what was meant to be asked, or allowed.
_DECISIVE = ("rate_limit", "collectors")
# What of a collector says how often it asks.
_TIMING = ("enabled", "interval")
_STAND_IN = "?"


def salvaged(
    model: type[AnySource], entry: Mapping[str, Any], lists: Sequence[CustomerList], around: Surroundings
) -> AnySource | None:
    """Return a source of what is right of its entry and of its lists; None where its schedule can't be told.

    It is good for that alone: it has no credentials, and what is wrong stands at its default.
    """
    kept = {key: value for key, value in entry.items() if key not in ("customers", "credentials")}
    rest: dict[str, Any] = {**deepcopy(kept), "customers": []}
    # Nobody is asked for the schedule, so there need be no credentials.
    model = create_model(model.__name__, __base__=model, credentials=(Any, None))
    try:
        model.model_validate(rest, context=around)
    except ValidationError as error:
        outcomes = [_is_out(rest, each) for each in error.errors(include_url=False, include_input=False)]
        if not all(outcomes):
            return None
    try:
        source = model.model_validate(rest, context=around)
    except ValidationError:
        return None
    customers = {each.id: each for list_ in lists for each in list_.customers}
    return source.model_copy(update={"customers": tuple(customers.values())})


def _is_out(entry: dict[str, Any], details: ErrorDetails) -> bool:
    """Take a mistake out of an entry; tell whether the schedule is none the vaguer for it."""
    match details["loc"]:
        case ():
            return False
        case ("collectors", str(name), str(option), *_) if option not in _TIMING:
            return _removed(entry["collectors"][name], option)
        case (str(key), str(unknown)) if key in _DECISIVE and details["type"] == "extra_forbidden":
            return _removed(entry[key], unknown)
        case ("name", *_):
            entry["name"] = _STAND_IN
        case (key, *_):
            entry.pop(str(key), None)
    return details["loc"][0] not in _DECISIVE


def _removed(section: dict[str, Any], key: str) -> bool:
    section.pop(key, None)
    return True
