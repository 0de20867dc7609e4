"""Stand-ins for the vendors on loopback, so that the demo and the tests need neither network nor credentials.

::

    accounts.py       who SendGrid's customers are, and how they send
    traffic.py        what an account does on a day, as integers that never go back
    categories.py     which kinds of mails it sends
    sites.py          Bento's sites: lists, segments, reports, ads
    world.py          the truth: totals, days and overview of every customer at any moment
    office.py         what the reseller has beside: packages, addresses, bills
    scenarios.py      what can go wrong with it, by the time since the start
    wire.py           calls, answers and faults; what a vendor's dialect must answer
    web_calls.py      the calls of SendGrid's Web API, in plain values
    markup.py         those as XML
    web_api.py        the Web API over HTTP
    spellings.py      its dialects: v2 for resellers, v1 for distributors, v2 for customers' subusers
    rest.py           SendGrid's v3 API
    bento.py          Bento's stats API: another vendor is another such file
    limit.py          a rate limit, counted at the vendor's end
    server.py         HTTP on loopback
    stand_in.py       all of it joined, with a log and faults to order
    configuration.py  the exporter's configuration for it
"""

from exporter.demo.accounts import Account
from exporter.demo.configuration import configuration
from exporter.demo.scenarios import SCENARIOS, Scenario
from exporter.demo.stand_in import Arrival, StandIn
from exporter.demo.world import World

__all__ = ["SCENARIOS", "Account", "Arrival", "Scenario", "StandIn", "World", "configuration"]
