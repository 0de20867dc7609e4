"""Prometheus exporter for the statistics of e-mail vendors' customers.

The rooms, in the order in which data passes through them::

    config/         configuration files with their line numbers, as frozen models
    providers/      one folder for each vendor API: calls, families, collectors
    upstream/       the one HTTP client, with its rate limit, retries and deadlines
    samples.py      families and samples: plain typed values
    state/          what outlives the process, so that a restart shows the same
    store/          last good samples and the health of every fetch, replaced whole
    exposition/     samples as Prometheus text, OpenMetrics and gzip, in cached blocks
    selection.py    a choice of sources, customers and collectors
    roster.py       who the customers of a source are
    budgets.py      who draws from which rate limit, over reloads too
    source.py       a source at work: its customers, and what is fetched for them
    listing.py      the reading of a vendor's list of customers
    fetch.py        one collector asking a vendor once, and what becomes of the answer
    probing.py      probes of a vendor that seems down
    lane.py         what is due of one source, and the threads that work on it
    poller.py       when each fetch runs
    web/            the pages that a scraper, a probe or a person asks for
    demo/           stand-in vendors that the demo and the tests run against
    instruments.py  the exporter's own metrics
    memory.py       how the process takes memory, and looks for what is free again
    minutes.py      what happened in each of the last minutes
    supervisor.py   systemd or the like, told that the program serves and lives
    clock.py        time, so that tests can have their own
    errors.py       every error, drawn as one tree
    logs.py         log lines as logfmt or JSON
    app.py          the only place where objects are built and joined
    overview.py     the running program as its status page shows it
    succession.py   one configuration in the place of another
    reload.py       the reload on request
    site.py         the web side of a running program: pages, sockets, protection
    backfill/       days that are over, as OpenMetrics that joins the live numbers
    plan.py         planned calls against rate limits, in words
    flags.py        the command line
    cli.py          the commands
    __main__.py     the same for ``python -m exporter``
"""

__version__ = "0.1.0"
# The commit that the program was built from; an image build writes it here.
__revision__ = ""
