"""Label values as the text formats write them; numbers stand there as Python writes them, which is exact."""


def escape(value: str) -> str:
    """Return a label value as it stands between the quotes."""
    if "\\" in value or '"' in value or "\n" in value:
        return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return value
