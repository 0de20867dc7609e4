from io import BytesIO

from tests.simulation.recording import Recording

PAGE = b'# HELP a Help.\n# TYPE a gauge\na{b="{c} d"} 1.5\ne 2\n'


def test_every_sample_of_a_scrape_has_its_time_and_the_labels_of_the_target():
    stream = BytesIO()

    Recording(stream, "10.1.0.7:10587").add(PAGE, 1_773_403_200.0)

    target = 'instance="10.1.0.7:10587",job="email-stats-exporter"'
    assert stream.getvalue().decode().splitlines() == [
        f'a{{{target},b="{{c}} d"}} 1.5 1773403200.000',
        f"e{{{target}}} 2 1773403200.000",
        f"up{{{target}}} 1 1773403200.000",
        f"scrape_duration_seconds{{{target}}} 0.004 1773403200.000",
        f"scrape_samples_scraped{{{target}}} 2 1773403200.000",
    ]
