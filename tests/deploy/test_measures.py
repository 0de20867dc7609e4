"""What the dashboards make of SendGrid's numbers, asked of Prometheus' own engine."""

import json

from deploy.grafana.generator.measures import DAY, seconds_of_credits


def test_credits_last_by_what_is_used_and_by_what_is_left_where_nothing_else_is_said(promtool, tmp_path):
    series = {
        # 12 an hour.
        'sendgrid_credits_used{source="acme",customer="a"}': "0+1x720",
        'sendgrid_credits_remaining{source="acme",customer="a"}': "4320-1x720",
        'sendgrid_credits_remaining{source="acme",customer="unsaid"}': "4320-1x720",
    }

    assert_seconds(promtool, tmp_path, series, "60h", {"a": 300 * 3600, "unsaid": 300 * 3600})


def test_a_new_period_with_a_smaller_package_is_no_use_of_credits(promtool, tmp_path):
    """What is left fell by 90,000; the pace of the new period is not known for a day."""
    series = {
        'sendgrid_credits_used{source="acme",customer="a"}': "1000+1x359 0+1x400",
        'sendgrid_credits_remaining{source="acme",customer="a"}': "99000-1x359 10000-1x400",
    }

    assert_seconds(promtool, tmp_path, series, "31h", {})
    assert_seconds(promtool, tmp_path, series, "60h", {"a": (10000 - 360) / 288 * DAY})


def assert_seconds(promtool, folder, series, time, expected):
    """Fail unless the measure is as expected, by customer."""
    samples = [{"labels": f'{{source="acme",customer="{name}"}}', "value": value} for name, value in expected.items()]
    query = seconds_of_credits().replace("$source", ".+")
    story = {
        "interval": "5m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": query, "eval_time": time, "exp_samples": samples}],
    }
    file = folder / "measure.yml"
    file.write_text(json.dumps({"tests": [story]}), encoding="utf-8")

    result = promtool("test", "rules", str(file))

    assert result.returncode == 0, result.stdout + result.stderr
