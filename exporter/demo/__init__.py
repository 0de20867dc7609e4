"""A stand-in for the vendors on loopback, so that the demo and the tests need neither network nor credentials.

::

    accounts.py       who the customers are, and how they send
    traffic.py        what an account does on a day, as integers that never go back
    world.py          the truth: totals, days and overview of every customer at any moment
    scenarios.py      what can go wrong with it, by the time since the start
    wire.py           calls, answers and faults; what a vendor's dialect must answer
    reseller.py       SendGrid's Reseller Web API v2: another vendor is another such file
    limit.py          the rate limit, counted at the vendor's end
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
