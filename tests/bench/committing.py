"""What the state costs a scrape: its time while fetches are written to a disk, beside the same without a state."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from tests.bench.finding import Extent, Finding, middle, more, most
from tests.bench.scraping import FETCHES, polled_subject

_CUSTOMERS = 10_000
# Many short looks, since a commit takes some milliseconds and is to be met by a scrape.
_SCRAPES_PER_SECOND = 4


def commits(extent: Extent) -> Iterator[Finding]:
    """Yield the median and the slowest of scrapes while 300 fetches a second are kept, and are not."""
    customers = min(_CUSTOMERS, extent.largest)
    with_state, without = (_times(extent, customers, **more_keys) for more_keys in ({"state": {"path": "s.db"}}, {}))
    for name, figure in (("median", middle), ("p99", most)):
        what = f"{name} of a scrape's time, gzip, with a state, at {FETCHES} fetches/s"
        yield more(what, customers, figure(with_state), ("without a state", figure(without)))


def _times(extent: Extent, customers: int, **settings: Any) -> Sequence[float]:
    with polled_subject(customers, **settings) as (program, scraper):
        program.ask("poll")
        scraper.scrape("gzip")
        times = []
        for number in range(max(1, int(extent.seconds * _SCRAPES_PER_SECOND))):
            # Not in step with anything that happens once a second.
            time.sleep((0.8 + 0.4 * (number % 7) / 7) / _SCRAPES_PER_SECOND)
            times.append(scraper.scrape("gzip").wall)
        return times
