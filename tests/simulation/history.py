"""Those days as an archive, ready to be asked: numbers, what rules record of them, and the alerts they raise."""

from pathlib import Path

from tests.simulation.archive import add
from tests.simulation.days import AFTER_END, BEGIN, END, STEP, STEP_OF_WEEK, record
from tests.simulation.rules import Times, evaluate

_RULES = Path(__file__).parents[2] / "deploy/prometheus/rules"
_A_DAY = 86_400.0


def build(folder: Path) -> Path:
    """Make the archive in a folder, and return the folder; that takes half a minute of a processor."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "days.om"
    record(file)
    add(folder, file)
    file.unlink()
    begin, end = BEGIN.timestamp(), AFTER_END.timestamp()
    recorded = Times(begin + STEP_OF_WEEK.total_seconds(), end, STEP_OF_WEEK.total_seconds())
    alerted = Times(END.timestamp() - _A_DAY, end, STEP.total_seconds())
    evaluate(folder, sorted(_RULES.glob("*.yml")), recorded, alerted)
    return folder
