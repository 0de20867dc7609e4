"""The common ground of every section of a configuration: frozen, strict, and closed to unknown keys."""

from typing import get_args

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the configuration that refuses unknown keys and other types than its own, and never changes."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


def section_in(annotation: object) -> type[Section] | None:
    """Return the first section that a field of this type can hold, alone or in a list; None where it holds none."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    inner = (section_in(each) for each in get_args(annotation))
    return next((each for each in inner if each is not None), None)
