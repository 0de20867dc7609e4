"""A command that is ended while it waits ends at once."""

import io
import json
from datetime import date

import pytest

from exporter.app import App
from exporter.backfill import Backfill, Journal, Order
from exporter.config import load
from exporter.errors import Stopped
from exporter.providers import discover
from tests.fake_clock import FakeClock


def test_whoever_ends_it_need_not_sit_out_the_pause_that_a_vendor_wants_before_its_list(tmp_path):
    section = {"name": "acme", "type": "sendgrid_v3", "credentials": {"api_key": "a-key-of-the-api"}, "discovery": {}}
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"sources": [section]}))
    providers, clock, journal = discover(), FakeClock(), Journal(None, {}, 0.0)
    config = load(file, {name: each.config for name, each in providers.items()})
    app = App(config, providers, clock, is_repeating=False, state=journal.facts)
    app.sources[0].upstream.pause(3_600)
    said: list[str] = []
    work = Backfill(
        order=Order(date(2026, 3, 1), None, 300),
        output=tmp_path / "history.om",
        sources=app.sources,
        journal=journal,
        clock=clock,
        concurrency=1,
        say=said.append,
        is_told=lambda: True,
        shows=io.StringIO(),
    )

    with pytest.raises(Stopped, match="^stopped before a list was read; the same command begins with it$"):
        work.run()
    assert "which is read first" in said[0]
    app.stop()
    journal.close()
