"""The past: days that are over, fetched within the rate limits and written as OpenMetrics for promtool.

What is fetched is kept beside the output until that is whole, so that an interrupted command goes on where it was.
Providers read days of old as they read those of the poller; nothing here knows a vendor.
"""

from exporter.backfill.keeping import Journal
from exporter.backfill.plan import Order, shared
from exporter.backfill.work import Backfill, purpose

__all__ = ["Backfill", "Journal", "Order", "purpose", "shared"]
