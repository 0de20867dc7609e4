"""A bar on a terminal, and lines elsewhere."""

from io import StringIO

from exporter.backfill.progress import progress


class Terminal(StringIO):
    """Takes what is written to it as a terminal would."""

    def isatty(self):
        return True


def test_a_terminal_has_a_bar():
    terminal = Terminal()

    with progress("fetched", 4, "calls", terminal) as done:
        done(1)
        done(3)

    assert "fetched: 100%|" in terminal.getvalue()
    assert "4/4" in terminal.getvalue()


def test_elsewhere_there_is_a_line_at_the_end():
    stream = StringIO()

    with progress("fetched", 1_004, "calls", stream) as done:
        done(1_000)
        done(0)
        done(4)

    assert stream.getvalue() == "fetched: 1,004 of 1,004 calls\n"
