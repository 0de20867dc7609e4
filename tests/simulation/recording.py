"""Scrapes that never were: pages with the time of each, as a file that promtool turns into blocks."""

from typing import BinaryIO

JOB = "email-stats-exporter"


class Recording:
    """Writes what Prometheus would have kept of each scrape of one target.

    Page after page, in order of time: promtool takes it as it is, though OpenMetrics has all samples of a family
    together. The stream is the caller's to end, with ``# EOF``.
    """

    def __init__(self, stream: BinaryIO, instance: str) -> None:
        """Give all samples the labels that Prometheus gives those of a target."""
        self._stream = stream
        self._labels = f'instance="{instance}",job="{JOB}"'.encode()

    def add(self, page: bytes, at: float) -> None:
        """Write the samples of one scrape, made at a Unix time, and what Prometheus says of it."""
        lines = [line for line in page.splitlines() if not line.startswith(b"#")]
        lines += (b"up 1", b"scrape_duration_seconds 0.004", b"scrape_samples_scraped %d" % len(lines))
        end = b" %.3f\n" % at
        self._stream.write(b"".join([self._labelled(line) + end for line in lines]))

    def _labelled(self, line: bytes) -> bytes:
        if b"{" in line:
            return line.replace(b"{", b"{%s," % self._labels, 1)
        return line.replace(b" ", b"{%s} " % self._labels, 1)
