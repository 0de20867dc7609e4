"""Writes Grafana's dashboards: ``python -m deploy.grafana.generator``, from the root of the repository.

::

    overview.py     all customers of the sources: who moves, who bounces, whose credits end, who is stale
    customer.py     one customer of SendGrid; its further rows in customer_details.py
    bento.py        Bento's sites
    exporter.py     the exporter itself; its further rows in exporter_details.py
    shelf.py        the dashboards, as files of JSON
    page.py         a dashboard: rows on Grafana's grid, variables, links, annotations
    panels.py       panels: stat, time series, bar gauge, state timeline
    heatmap.py      the panel of a histogram
    tables.py       the panel that joins several queries, a row for each customer
    colours.py      colours that colour-blind eyes tell apart, thresholds and states made of them
    measures.py     what is asked of SendGrid's numbers: ratios, growth, forecasts
    queries.py      PromQL that all of them begin with

A dashboard is a module with a function ``dashboard()``, named in `shelf.DASHBOARDS`, that returns one `page`::

    def dashboard() -> Json:
        return page(
            uid="email-stats-bento",
            title="Bento",
            description="What Bento counts for each site.",
            since="now-7d",
            variables=[DATASOURCE, choice("source", "Source", "label_values(bento_users, source)", several=True)],
            links=[jump("email-stats-overview", "All customers", "datasource")],
            rows=[
                Row("Now", [
                    # One band of panels of one height, side by side; they share the width unless widths are given.
                    Band(4, [stat("Subscribers", "Sum of …, polled hourly.", f"sum({latest('bento_subscribers')})")]),
                    Band(8, [time_series("…", "…", [Curve("{{customer}}", "…")], "short"), table(…)], widths=[16, 8]),
                ]),
            ],
        )

Every panel has a title, a description that says what the number is and how old it can be, and a unit. Every query on
the exporter's series begins with `latest`, a ``max by (source, customer, …)``, so that two replicas or the new name of
a pod neither double nor reset anything. Vendors' numbers change with each poll, every 15m at most: a window on them is
1h or longer. A list of customers is cut by ``topk`` to ``$top`` rows, so that 100,000 customers are as readable as ten.
"""
