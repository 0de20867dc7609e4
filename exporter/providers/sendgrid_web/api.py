"""A call of SendGrid's Web API and its answer as plain values, whatever they were written in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from exporter.config import VENDOR_ZONE
from exporter.errors import InvalidResponse, VendorRefused
from exporter.providers.base import Customer
from exporter.providers.documents import Shrink, Value, is_blank, json_text, parse_json
from exporter.providers.records import Record
from exporter.providers.refusals import describe, refusal
from exporter.providers.sendgrid_web.dialects import Call, Dialect, Format
from exporter.providers.sendgrid_web.markup import read_xml
from exporter.providers.sendgrid_web.repairs import read_cut_json, read_cut_xml
from exporter.providers.sendgrid_web.zones import Zones, read_zone
from exporter.upstream import Client, Request


@dataclass(frozen=True, slots=True)
class WebApi:
    """Asks one source's vendor for one collector.

    Attributes:
        zones: what is known of customers' time zones, by all collectors of the source.
    """

    client: Client
    dialect: Dialect
    format: Format
    zones: Zones = field(default_factory=Zones)

    def at_home(self, customer: Customer) -> Customer:
        """Return a customer in the time zone of its days, which the vendor is asked for where that is configured.

        Raises:
            FetchError: the vendor had to be asked, and did not answer with one.
        """
        if customer.zone is not VENDOR_ZONE:
            return customer
        return replace(customer, zone=self.zones.of(customer, self._zone))

    def ask(self, call: str, customer: Customer, *fields: tuple[str, str], is_blank_good: bool = False) -> Value:
        """Return what a call answers about a customer; an answer without a byte may stand for an empty object.

        Raises:
            FetchError: no answer came, it is an error body, or it can't be read.
        """
        body = self._send(call, (("user", customer.id), *fields))
        if is_blank_good and is_blank(body):
            return {}
        return _judged(self._read(call, body))

    def ask_for_all(self, call: str, *fields: tuple[str, str], shrink: Shrink | None = None) -> Value:
        """Return what a call answers about the whole account.

        Raises:
            FetchError: no answer came, it is an error body, or it can't be read.
        """
        return _judged(self._read(call, self._send(call, fields), shrink))

    def ask_for_addresses(self, call: str, customer: Customer, shrink: Shrink) -> Value:
        """Return what a call answers that is about a customer's recipients, each row as ``shrink`` leaves it.

        Raises:
            FetchError: no answer came, it is an error body, or it can't be read.
        """
        body = self._send(call, (("user", customer.id),))
        return _judged(self._read(call, body, shrink))

    def rows(self, what: str, document: Value) -> Sequence[Value]:
        """Return the rows of an answer; ``what`` is what it is called in an error's text.

        Raises:
            InvalidResponse: it is no list.
        """
        # The vendor's pages print some lists of one row without their brackets.
        if isinstance(document, dict):
            return [document]
        if not isinstance(document, list):
            raise InvalidResponse(f"{what}: not a list")
        return document

    def record(self, what: str, members: Value) -> Record:
        """Return an object of an answer, to be read field by field.

        Raises:
            InvalidResponse: it is no object.
        """
        return Record.of(what, members, self.client.rejected)

    def _zone(self, customer: Customer) -> ZoneInfo:
        return read_zone(self.record("the time zone", self.ask("timezone", customer)))

    def _send(self, call: str, fields: Iterable[tuple[str, str]]) -> bytes:
        asked = self.dialect.calls[call]
        form = (*asked.selectors.items(), *fields)
        return self.client.send(Request("POST", self.dialect.path(asked, self.format), form)).body

    def _read(self, call: str, body: bytes, shrink: Shrink | None = None) -> Value:
        asked = self.dialect.calls[call]
        if not self.dialect.is_repaired:
            return self._read_whole(asked, body, shrink)
        if self.format is Format.XML:
            document, is_repaired = read_cut_xml(body, asked.element, shrink)
        else:
            document, is_repaired = read_cut_json(body, shrink)
        if is_repaired:
            self.client.repaired()
        return document

    def _read_whole(self, call: Call, body: bytes, shrink: Shrink | None) -> Value:
        if self.format is Format.XML:
            return read_xml(body, call.element, shrink)
        return parse_json(json_text(body), shrink)


def _judged(document: Any) -> Value:
    # An error comes under status 200 too, so it is looked for before the shape is judged.
    words = refusal(document)
    if words is not None:
        raise VendorRefused(describe(words))
    return document
