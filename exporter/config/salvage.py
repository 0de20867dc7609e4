"""What is right of a source that holds mistakes, so that its schedule can be judged in the same run."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import Any

from pydantic import ValidationError, create_model
from pydantic_core import ErrorDetails

from exporter.config.customer_list import CustomerList
from exporter.config.models import SourceConfig
from exporter.config.values import Surroundings

# A mistake in these leaves it open what was meant to be asked, or allowed.
_DECISIVE = ("rate_limit", "collectors")
# What of a collector says how often it asks.
_TIMING = ("enabled", "interval")
_STAND_IN = "?"


def salvaged(
    model: type[SourceConfig], entry: Mapping[str, Any], lists: Sequence[CustomerList], around: Surroundings
) -> SourceConfig | None:
    """Return a source of what is right of its entry and of its lists; None where its schedule can't be told.

    It is good for that alone: it has no credentials, and what is wrong stands at its default.
    """
    kept = {key: value for key, value in entry.items() if key not in ("customers", "credentials")}
    rest: dict[str, Any] = {**deepcopy(kept), "customers": []}
    model = _without_credentials(model)
    try:
        model.model_validate(rest, context=around)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        if any(map(_leaves_it_open, found)):
            return None
        for each in found:
            _take_out(rest, each["loc"])
    try:
        source = model.model_validate(rest, context=around)
    except ValidationError:
        return None
    customers = {each.id: each for list_ in lists for each in list_.customers}
    return source.model_copy(update={"customers": tuple(customers.values())})


@cache
def _without_credentials(model: type[SourceConfig]) -> type[SourceConfig]:
    # Nobody is asked for the schedule, so there need be none.
    return create_model(model.__name__, __base__=model, credentials=(Any, None))


def _leaves_it_open(details: ErrorDetails) -> bool:
    """Return whether nobody knows, for a mistake, what the schedule is."""
    match details["loc"]:
        case ():
            return True
        case ("collectors", str(), str(option), *_):
            return option in _TIMING
        case (key, str()) if key in _DECISIVE:
            return details["type"] != "extra_forbidden"
        case path:
            return path[0] in _DECISIVE


def _take_out(entry: dict[str, Any], path: tuple[Any, ...]) -> None:
    match path:
        case ("collectors", name, option, *_):
            entry["collectors"][name].pop(option, None)
        case ("collectors" | "rate_limit" as section, unknown):
            entry[section].pop(unknown, None)
        case ("name", *_):
            entry["name"] = _STAND_IN
        case (key, *_):
            entry.pop(key, None)
