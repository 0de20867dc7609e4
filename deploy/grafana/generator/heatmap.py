"""The panel that shows how a histogram's observations spread, and how that changes."""

from deploy.grafana.generator.colours import Json
from deploy.grafana.generator.panels import PROMETHEUS, letters, target


def heatmap(title: str, description: str, expr: str, unit: str, *, step: str = "15m") -> Json:
    """Return a panel with a column for each step of time and a cell for each bucket, darker where there is more.

    Args:
        title: its title.
        description: what is counted.
        expr: a query with a series for each ``le``.
        unit: of what is observed.
        step: the shortest time that a column stands for.
    """
    return {
        "type": "heatmap",
        "title": title,
        "description": description,
        "datasource": PROMETHEUS,
        "interval": step,
        "maxDataPoints": 96,
        "targets": letters([{**target(expr, "{{le}}"), "format": "heatmap"}]),
        "options": {
            "calculate": False,
            "cellGap": 1,
            "color": {"mode": "scheme", "scheme": "Blues", "scale": "exponential", "exponent": 0.5},
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "tooltip": {"mode": "single", "showColorScale": False, "yHistogram": False},
            "yAxis": {"axisPlacement": "left", "reverse": False, "unit": unit},
        },
        "fieldConfig": {"defaults": {"unit": "short", "custom": {}}, "overrides": []},
    }
