"""The vendors to run against: real HTTP on loopback, with the world's numbers and failures to order."""

import threading
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Self

from exporter.demo.bento import Bento
from exporter.demo.limit import Window
from exporter.demo.rest import RestV3
from exporter.demo.scenarios import CALM, Limit, Retelling, Scenario
from exporter.demo.server import Server
from exporter.demo.spellings import CUSTOMER, DISTRIBUTOR, RESELLER
from exporter.demo.web_api import WebApi
from exporter.demo.wire import Answer, Call, Dialect, Fault, Manner, json_answer
from exporter.demo.world import World

_NOT_FOUND = json_answer({"errors": ["Not found"], "message": "error"}, 404)
_FORBIDDEN = json_answer({"errors": ["A stand-in changes nothing"], "message": "error"}, 403)
_FAILED = b'{"errors":["Internal error"],"message":"error"}'


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as the vendor saw it.

    Attributes:
        at: monotonic time of its arrival, by the world's clock.
        api: reseller, distributor, customer, v3 or bento; None where the path belongs to none.
        form: what it said in form or query, without the secret; of a field sent twice all values, with commas.
        status: of the answer; None where none is sent whole.
    """

    at: float
    api: str | None
    verb: str
    path: str
    form: Mapping[str, str]
    status: int | None


class StandIn:
    """Stands in for the vendors on loopback; a context manager that serves while it is open.

    All of their APIs are told apart by their paths. An outage strikes all alike; of calls each API has a limit of its
    own. Which numbers a scenario changes, it changes wherever they are told.

    Attributes:
        story: what it tells: the world, as its scenario has it.
        violations: calls that no reader of statistics may ever make; each was answered with 403.
    """

    def __init__(
        self,
        world: World,
        *,
        username: str = "demo",
        password: str,
        scenario: Scenario | None = None,
        limit: Limit | None = None,
        error_status: int = 400,
        refuses_strangers: bool = False,
        is_wrapped: bool = False,
        site_keys: Mapping[str, tuple[str, str]] = MappingProxyType({}),
        host: str = "127.0.0.1",
        port: int = 0,
        log_size: int = 100_000,
    ) -> None:
        """Prepare to serve a world to whoever knows the credentials; port 0 takes a free one.

        One pair of credentials opens all doors: the password is v3's API key as well, and for Bento the two are the
        publishable and the secret key, but for sites with ``site_keys`` of their own.

        ``limit`` is (calls, seconds) for each API and goes before the scenario's; ``error_status`` comes with the
        words "User does not exist". What v3 and Bento do where their pages contradict each other or say nothing:
        ``refuses_strangers`` has v3 refuse a whole batch for one unknown subuser, ``is_wrapped`` puts Bento's
        answers into envelopes.
        """
        self._requests: deque[Arrival] = deque(maxlen=log_size)
        self.violations: list[Arrival] = []
        self._world = world
        self._scenario = scenario or CALM
        self._limit = limit
        spellings = (RESELLER, DISTRIBUTOR, CUSTOMER)
        self._dialects: Sequence[Dialect] = (
            *(WebApi(spelling, username, password, error_status) for spelling in spellings),
            Bento((username, password), site_keys, is_wrapped),
            RestV3(password, refuses_strangers),
        )
        self._windows = {dialect.name: Window(world.clock) for dialect in self._dialects}
        self._faults = _Faults()
        self._host, self._port = host, port
        self._server: Server | None = None
        self._began(world.clock.time())

    def __enter__(self) -> Self:
        """Serve."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, whatever happened."""
        self.stop()

    def start(self) -> None:
        """Serve on a thread of its own; the scenario begins now. After a stop, on the same port again."""
        self._began(self._world.clock.time())
        self._server = Server(self._host, self._port, self.respond)
        self._port = self._server.port
        self._server.start()

    def stop(self) -> None:
        """End every connection, hanging ones too, and free the port; from then on connections are refused."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    @property
    def base_url(self) -> str:
        """Return where it listens; known from the first start on."""
        return f"http://{self._host}:{self._port}"

    @property
    def requests(self) -> Sequence[Arrival]:
        """Return the newest arrivals, in the order in which they were answered; later ones don't join them."""
        return tuple(self._requests)

    @property
    def overruns(self) -> int:
        """Return how many calls came over the rate limit."""
        return sum(window.overruns for window in self._windows.values())

    def fault(
        self,
        *,
        status: int = 500,
        body: bytes = _FAILED,
        headers: Mapping[str, str] | None = None,
        hang: bool = False,
        drop: bool = False,
        cut: bool = False,
        drip: bool = False,
        user: str | None = None,
        call: str | None = None,
        api: str | None = None,
        times: int | None = None,
    ) -> None:
        """Make matching calls fail until ``clear``, or so many ``times``; the newest fault that matches wins.

        ``user`` is a customer's id (of a partner account with ``account-id`` before it), ``call`` the name of a
        collector or discovery, ``api`` as in ``Arrival``; a call comes this far before its credentials are looked at.
        """
        manners = {Manner.HANG: hang, Manner.DROP: drop, Manner.CUT: cut, Manner.DRIP: drip}
        manner = next((manner for manner, is_wanted in manners.items() if is_wanted), Manner.WHOLE)
        self._faults.add(Fault(Answer(status, body, headers or {}, manner), user, call, api), times)

    def clear(self) -> None:
        """Let all be well again; a call that hangs goes on hanging."""
        self._faults.clear()

    def _began(self, now: float) -> None:
        self.story = Retelling(self._world, self._scenario, now)
        self._started = self._world.clock.monotonic()

    def respond(self, call: Call) -> Answer:
        """Answer a call as the vendor that owns its path; a call over the wire comes here too."""
        at = self._world.clock.monotonic()
        dialect = next((each for each in self._dialects if each.owns(call.path)), None)
        if dialect is None:
            self._requests.append(Arrival(at, None, call.verb, call.path, {}, _NOT_FOUND.status))
            return _NOT_FOUND
        is_forbidden = dialect.forbidden(call)
        answer = _FORBIDDEN if is_forbidden else self._limited(call, dialect, at - self._started)
        status = answer.status if answer.manner is Manner.WHOLE else None
        arrival = Arrival(at, dialect.name, call.verb, call.path, dialect.public_form(call), status)
        self._requests.append(arrival)
        if is_forbidden:
            self.violations.append(arrival)
        return answer

    def _limited(self, call: Call, dialect: Dialect, elapsed: float) -> Answer:
        limit = self._limit or self._scenario.limit(elapsed)
        if limit is None:
            return self._answer(call, dialect, elapsed)
        is_within, headers = self._windows[dialect.name].arrive(*limit)
        answer = self._answer(call, dialect, elapsed) if is_within else dialect.too_many
        return replace(answer, headers={**headers, **answer.headers}) if dialect.tells_limit else answer

    def _answer(self, call: Call, dialect: Dialect, elapsed: float) -> Answer:
        struck = self._faults.strike(dialect.name, dialect.users(call), dialect.kind(call))
        fault = struck or self._scenario.fault(elapsed)
        return fault.answer if fault else dialect.answer(call, self.story)


class _Faults:
    """Faults that a test ordered, each with how many more times it strikes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[Fault, int | None] = {}

    def add(self, fault: Fault, times: int | None) -> None:
        with self._lock:
            self._left[fault] = times

    def clear(self) -> None:
        with self._lock:
            self._left.clear()

    def strike(self, api: str, users: Collection[str], call: str | None) -> Fault | None:
        with self._lock:
            for fault, left in reversed(self._left.items()):
                if left != 0 and fault.strikes(api, users, call):
                    self._left[fault] = left and left - 1
                    return fault
        return None
