"""The read calls of Bento's stats API, each with the values that it answers."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exporter.errors import ClientRefused, InvalidResponse, NotFound, VendorRefused
from exporter.providers.base import Customer
from exporter.providers.bento import payloads
from exporter.providers.bento.config import AdsConfig, BentoCredentials, ReportConfig, site_of
from exporter.providers.bento.payloads import Ads, Segment
from exporter.providers.documents import read_json
from exporter.providers.refusals import describe, refusal
from exporter.upstream import AllowList, Client, Operation, Request

_SITE = "/api/v1/stats/site"
_SEGMENT = "/api/v1/stats/segment"
_REPORT = "/api/v1/stats/report"
_ADS = "/api/v1/stats/ads"
_SEGMENTS = "/api/v1/fetch/segments"

# Nothing but GET reads here, and no field changes what a path does. Other paths of the API show single people.
ALLOW_LIST = AllowList([Operation("GET", path) for path in (_SITE, _SEGMENT, _REPORT, _ADS, _SEGMENTS)], ())


def basic(credentials: BentoCredentials) -> str:
    """Return the keys as HTTP Basic sends them."""
    pair = f"{credentials.publishable_key.value()}:{credentials.secret_key.value()}"
    return b64encode(pair.encode()).decode("ascii")


@dataclass(frozen=True, slots=True)
class BentoApi:
    """Asks Bento for one collector of one source."""

    client: Client

    def site(self, customer: Customer) -> Mapping[str, int]:
        """Return the counts of a site's users, by the vendor's fields.

        Raises:
            FetchError: the vendor does not answer with all three.
        """
        what = "the site"
        return payloads.read_users(what, self._ask(what, _SITE, customer), self.client.rejected)

    def segments(self, customer: Customer) -> Sequence[Segment]:
        """Return all segments of a site.

        Raises:
            FetchError: the vendor does not answer with a list of them.
        """
        what = "the list of segments"
        return payloads.read_segments(what, self._ask(what, _SEGMENTS, customer), self.client.rejected)

    def segment(self, customer: Customer, segment: Segment) -> Mapping[str, int]:
        """Return the counts of a segment's users, by the vendor's fields.

        Raises:
            FetchError: the vendor does not answer with all three.
        """
        what = f"segment {segment.label}"
        document = self._ask(what, _SEGMENT, customer, segment_id=segment.id)
        return payloads.read_users(what, document, self.client.rejected)

    def report(self, customer: Customer, report: ReportConfig) -> Iterator[tuple[str, float | None]]:
        """Return the numbers of a report by their field, None where a configured path leads to no number.

        Raises:
            FetchError: the vendor does not answer with a report.
        """
        what = f"report {report.label}"
        document = self._ask(what, _REPORT, customer, report_id=report.id)
        data = payloads.read_report(what, document, self.client.rejected)
        return payloads.report_numbers(what, data, report.fields)

    def ads(self, customer: Customer, query: AdsConfig) -> Ads:
        """Return what a site owes to its ads.

        Raises:
            FetchError: the vendor does not answer with totals and, where it is wanted, a breakdown.
        """
        what = f"ads query {query.name}"
        parameters = {
            "dimension": query.dimension,
            "value": query.value,
            "start_date": query.start_date,
            "end_date": query.end_date,
            "revenue_mode": query.revenue_mode,
        }
        asked = {name: value for name, value in parameters.items() if value is not None}
        document = self._ask(what, _ADS, customer, **asked)
        return payloads.read_ads(what, document, self.client.rejected, has_breakdown=query.breakdown)

    def _ask(self, what: str, path: str, customer: Customer, **parameters: str) -> Any:
        request = Request(
            "GET",
            path,
            query=(("site_uuid", customer.id), *parameters.items()),
            headers=(("Accept", "application/json"),),
            account=site_of(customer).credentials,
        )
        try:
            document = read_json(self.client.send(request).body)
        except (ClientRefused, InvalidResponse, NotFound) as error:
            # Which of a site's segments or reports it was, the status alone does not say.
            raise type(error)(f"{what}: {error}") from error
        # An error comes under status 200 too, so it is looked for before the shape is judged.
        words = refusal(document)
        if words is not None:
            raise VendorRefused(f"{what}: {describe(words)}")
        return document
