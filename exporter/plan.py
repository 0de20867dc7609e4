"""What a configuration plans to ask the vendors, against what they allow, in words."""

from collections.abc import Iterator

from exporter.config import Config, SourceConfig, format_duration

_HOUR = 3600


def plan_lines(config: Config) -> Iterator[str]:
    """Yield the lines that ``check`` prints: each source with its collectors and calls per hour."""
    for source in config.sources:
        limit = source.rate_limit
        yield f"source {source.name} ({source.type}): {_customers(source)} at {source.base_url}"
        planned = source.planned_calls()
        for name, collector in source.collectors:
            yield f"  {name} every {format_duration(collector.interval)}: {_per_hour(planned[name])} calls per hour"
        shared = f", shared as {limit.shared}" if limit.shared else ""
        needed = sum(planned_by(other) for other in config.sources if other is source or _share(source, other))
        allowed = limit.calls / limit.per
        yield (
            f"  {_per_hour(needed)} of {_per_hour(allowed)} calls per hour ({needed / allowed:.1%}); "
            f"limit {limit.calls} per {format_duration(limit.per)}{shared}"
        )


def planned_by(source: SourceConfig) -> float:
    """Return the requests a second that a source's configured customers need."""
    return sum(source.planned_calls().values())


def _customers(source: SourceConfig) -> str:
    count = len(source.customers)
    words = f"{count:,} customer{'' if count == 1 else 's'}"
    # Whom the list will bring, and how many calls they take, nobody knows before it is read.
    return f"{words}, and those of the vendor's list," if getattr(source, "discovery", None) else words


def _share(one: SourceConfig, other: SourceConfig) -> bool:
    return one.rate_limit.shared is not None and one.rate_limit.shared == other.rate_limit.shared


def _per_hour(per_second: float) -> str:
    # Never with an exponent: 36,000 tells more than 3.6e+04.
    return f"{round(per_second * _HOUR, 2):,.15g}"
