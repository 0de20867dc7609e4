"""prometheus_client as its own documentation has it: gauges with labels, served by ``start_http_server``."""

import sys

from prometheus_client import CollectorRegistry, Gauge, start_http_server

from tests.bench.account import FAMILIES, value_of


def main(customers: int) -> None:
    """Serve as many customers, with one gauge for each family."""
    registry = CollectorRegistry()
    for family in range(FAMILIES):
        gauge = Gauge(f"sendgrid_family_{family}", "A number of a customer.", ["customer", "source"], registry=registry)
        for number in range(customers):
            gauge.labels(f"customer-{number}", "acme").set(value_of(family, number))
    server, thread = start_http_server(0, "127.0.0.1", registry)
    print(server.server_port, flush=True)  # noqa: T201 - for the process that asked
    thread.join()


if __name__ == "__main__":
    main(int(sys.argv[1]))
