"""From the rules and routes of deploy/ to an inbox: Prometheus and Alertmanager joined, and quicker than life."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.inbox import Inbox
from tests.e2e.programs import Alertmanager, Exporter, Prometheus, free_port
from tests.e2e.quickened import quickened

DEPLOY = Path(__file__).parents[2] / "deploy"
ROUTES = DEPLOY / "alertmanager/alertmanager.yml"
RULES = sorted((DEPLOY / "prometheus/rules").glob("*.yml"))


@dataclass(frozen=True, slots=True)
class Alerting:
    """Who watches an exporter, and whom they tell."""

    prometheus: Prometheus
    alertmanager: Alertmanager
    inbox: Inbox


@dataclass(frozen=True, slots=True)
class Watch:
    """Starts them in folders of their own; all end with the stack."""

    folder: Path
    stack: ExitStack
    _started: list[Path] = field(default_factory=list)

    def over(self, exporter: Exporter) -> Alerting:
        """Watch an exporter with all rules that are in deploy/."""
        inbox, alertmanager = self.alertmanager()
        folder = self._new_folder()
        rules = [folder / path.name for path in RULES]
        for original, copy in zip(RULES, rules, strict=True):
            copy.write_text(quickened(original.read_text(encoding="utf-8")), encoding="utf-8")
        prometheus = Prometheus(
            folder,
            exporter.port,
            free_port(),
            scrape_interval="500ms",
            rules=rules,
            alertmanager_port=alertmanager.port,
        )
        return Alerting(self.stack.enter_context(prometheus), alertmanager, inbox)

    def alertmanager(self) -> tuple[Inbox, Alertmanager]:
        """Start the real routes, with an inbox in the place of every address."""
        inbox = self.stack.enter_context(Inbox())
        routes = yaml.safe_load(quickened(ROUTES.read_text(encoding="utf-8")))
        routes["receivers"] = [_readdressed(receiver, inbox.url) for receiver in routes["receivers"]]
        return inbox, self.start(routes)

    def start(self, routes: Mapping[str, Any]) -> Alertmanager:
        """Start an Alertmanager with a configuration, beside the real templates."""
        folder = self._new_folder()
        templates = [str(ROUTES.parent / pattern) for pattern in routes["templates"]]
        file = folder / "alertmanager.yml"
        file.write_text(yaml.safe_dump({**routes, "templates": templates}), encoding="utf-8")
        return self.stack.enter_context(Alertmanager(folder, file, free_port()))

    def _new_folder(self) -> Path:
        folder = self.folder / str(len(self._started))
        folder.mkdir()
        self._started.append(folder)
        return folder


def _readdressed(receiver: Mapping[str, Any], url: str) -> Mapping[str, Any]:
    name = receiver["name"]
    # Whoever has no address gets none.
    return {"name": name, "webhook_configs": [{"url": f"{url}/{name}"}]} if len(receiver) > 1 else receiver
