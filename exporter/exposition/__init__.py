"""Samples as Prometheus text, OpenMetrics and gzip: what a scrape reads, kept rendered in blocks.

A block holds one family of one group of customers. It is rendered again only when one of them has changed,
so that a scrape costs little more than joining bytes. Format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from exporter.exposition.excerpt import Excerpt
from exporter.exposition.negotiation import Media, accepts_gzip, choose_media
from exporter.exposition.page import Exposition, Page
from exporter.exposition.text import Format

__all__ = ["Excerpt", "Exposition", "Format", "Media", "Page", "accepts_gzip", "choose_media"]
