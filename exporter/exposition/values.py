"""Label values and numbers as the text formats write them."""

# With so many digits before the point, the formats' own rule writes an exponent where Python's repr does not.
_DIGITS = 7
_LEAST_WITH_EXPONENT = 10.0 ** (_DIGITS - 1)
# By the place of the point; Python's repr writes no more than sixteen digits before it.
_EXPONENTS = [f"e+{point - 1:02d}" for point in range(18)]


def escape(value: str) -> str:
    """Return a label value as it stands between the quotes."""
    if "\\" in value or '"' in value or "\n" in value:
        return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return value


def number(value: float) -> str:
    """Return a finite number exactly, as Go and prometheus_client write it."""
    text = repr(value)
    if value < _LEAST_WITH_EXPONENT or (point := text.find(".")) < _DIGITS:
        return text
    digits = (text[1:point] + text[point + 1 :]).rstrip("0")
    return f"{text[0]}.{digits}{_EXPONENTS[point]}" if digits else f"{text[0]}{_EXPONENTS[point]}"
