"""The status page as people have it: in a real browser, by keyboard, on a phone, without JavaScript."""

import re

import pytest

from tests.e2e.browsing import Visit, chromium
from tests.e2e.programs import Exporter
from tests.e2e.sources import source
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

SCRIPT = "<script>document.title='owned'</script>"
IMAGE = "<img src=x onerror=alert(1)>"
HOSTILE = (SCRIPT, IMAGE, '"><h1>owned</h1>', "' autofocus onfocus='alert(1)")
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def browser(browsers):
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def exporter(shell, vendor, world) -> Exporter:
    """Run with customers whose names are hostile, and whom the vendor does not know."""
    exporter = shell.run([source(vendor, [*world.customers, *HOSTILE], interval="1h")])
    eventually(lambda: exporter.ask("/-/ready").ok)
    return exporter


@pytest.fixture
def visit(browser, exporter):
    """Open windows, and see in the end that none had anything to complain about."""
    visits: list[Visit] = []

    def new(path: str = "/", **options) -> Visit:
        visits.append(Visit(browser, f"http://127.0.0.1:{exporter.port}", **options))
        return visits[-1].open(path)

    yield new
    for each in visits:
        each.page.context.close()
    assert [complaint for each in visits for complaint in each.complaints] == []


def test_the_page_is_shown_without_a_complaint(visit):
    page = visit().page

    assert page.title() == "acme: 12 of 48 fetches are failing – email-stats-exporter"
    assert page.locator("h1").inner_text() == "acme: 12 of 48 fetches are failing"
    assert page.locator("tbody tr").count() == 48
    assert page.evaluate("getComputedStyle(document.body).fontVariantNumeric") == "tabular-nums"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("path", ["/", "/?search=nobody", "/?sort=age&order=desc&limit=10&page=2&state=ok"])
def test_axe_finds_no_fault(visit, scheme, size, path):
    shown = visit(path, color_scheme=scheme, **size)

    assert shown.axe() == []


def test_light_and_dark_are_told_apart(visit):
    grounds = [
        visit(color_scheme=scheme).page.evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]

    assert grounds == ["rgb(244, 246, 248)", "rgb(16, 21, 27)"]


@pytest.mark.parametrize("width", [320, 360, 768, 1024, 1920])
@pytest.mark.parametrize("path", ["/", f"/?search={'x' * 200}"])
def test_nothing_hangs_over_the_edge(visit, width, path):
    page = visit(path, viewport={"width": width, "height": 800}).page

    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_phone_shows_a_row_as_a_card_that_names_its_parts(visit):
    page = visit("/?state=ok", **PHONE).page
    card = page.locator("tbody tr").first

    assert page.locator("thead").bounding_box()["height"] <= 1
    assert card.bounding_box()["height"] > 60
    # Still a table to whoever hears it.
    assert page.get_by_role("row").count() == 37
    assert page.get_by_role("cell").first.inner_text() == "Ok"


def test_hostile_names_are_text(visit):
    shown = visit("/?state=failing&sort=customer")
    page = shown.page

    assert sorted(set(shown.column("customer"))) == sorted(HOSTILE)
    assert page.locator("h1").count() == 1
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1
    assert page.title().endswith("email-stats-exporter")
    assert page.locator(":focus").count() == 0


def test_a_hostile_search_is_text(visit):
    page = visit("/").page
    page.fill("#search", '"><script>alert(1)</script>')
    page.get_by_text("Nothing matches.").wait_for()

    assert page.input_value("#search") == '"><script>alert(1)</script>'
    page.reload()
    assert page.input_value("#search") == '"><script>alert(1)</script>'
    assert page.locator("script").count() == 1


def test_everything_works_without_javascript(visit):
    shown = visit(java_script_enabled=False)
    page = shown.page

    assert not page.locator("#live").is_visible()
    page.fill("#search", "daily")
    page.select_option("select[name=collector]", "credits")
    page.click("text=Show >> nth=-1")
    assert shown.column("customer") == ["daily-herald"]
    assert shown.column("collector") == ["credits"]
    page.click("text=Clear")
    page.click(".chips >> text=Failing")
    assert set(shown.column("state")) == {"Failing"}
    page.click("th >> text=Customer")
    assert shown.column("customer") == sorted(shown.column("customer"))
    page.click("th >> text=Customer")
    assert shown.column("customer") == sorted(shown.column("customer"), reverse=True)
    visits = visit("/?limit=10", java_script_enabled=False)
    visits.page.click("text=Next >> nth=-1")
    assert visits.page.locator(".pager span").inner_text() == "11–20 of 48"


def test_the_keyboard_is_enough(visit):
    shown = visit()
    page = shown.page
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the fetches"
    page.keyboard.press("/")
    assert page.locator("#search:focus").count() == 1
    page.keyboard.type("daily/")
    page.keyboard.press("Backspace")
    eventually(lambda: shown.column("customer") == ["daily-herald"] * 3)
    assert page.locator("#search:focus").count() == 1
    for _ in range(5):
        page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text().split() == ["All", "3"]
    for _ in range(5):
        page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text().split() == ["Ok", "3"]
    page.keyboard.press("Enter")
    page.wait_for_url("**state=ok*")
    assert shown.column("state") == ["Ok"] * 3


def test_what_has_the_focus_can_be_seen(visit):
    page = visit().page
    for _ in range(12):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        assert focused.evaluate("(element) => getComputedStyle(element).outlineStyle") != "none"


def test_times_tick(visit):
    shown = visit("/?state=ok&limit=1")
    shown.page.clock.install()
    shown.page.reload()
    # A new view would bring the exporter's own time along.
    shown.page.click("#live")
    shown.page.clock.run_for(3 * 3_600_000)

    assert re.fullmatch(r"3 h( \d+ min)?", shown.column("age")[0])
    assert re.fullmatch(r"due (2|1) h( \d+ min)?", shown.column("next")[0])


def test_the_view_renews_itself_and_the_focus_stays(shell, new_vendor, world, browser):
    vendor = new_vendor()
    exporter = shell.run([source(vendor, world.customers[:3])])
    eventually(lambda: exporter.ask("/-/ready").ok)
    shown = Visit(browser, f"http://127.0.0.1:{exporter.port}")
    shown.page.clock.install()
    shown.open()
    assert shown.page.locator("h1").inner_text() == "All is well"
    shown.page.focus("#by-customer")
    shown.page.evaluate("window.isSame = true")
    vendor.fault(status=404)
    eventually(lambda: "All is well" not in exporter.ask("/").text)
    shown.page.clock.run_for(16_000)
    eventually(lambda: shown.page.locator("h1").inner_text() != "All is well")

    assert shown.page.locator("#told").inner_text() == shown.page.locator("h1").inner_text()
    assert shown.page.title() != "All is well – email-stats-exporter"
    assert shown.page.locator("#by-customer:focus").count() == 1
    assert shown.page.evaluate("window.isSame")
    assert shown.complaints == []
    shown.page.context.close()


def test_it_says_when_the_exporter_answers_no_more(shell, vendor, world, browser):
    exporter = shell.run([source(vendor, world.customers[:1], interval="1h")])
    shown = Visit(browser, f"http://127.0.0.1:{exporter.port}")
    shown.page.clock.install()
    shown.open()
    exporter.process.terminate()
    exporter.wait()
    shown.page.clock.run_for(16_000)

    eventually(lambda: "The exporter has not answered since" in shown.page.locator("#lost").inner_text())
    shown.page.context.close()


def test_the_view_stands_still_if_one_likes(visit):
    page = visit().page
    page.clock.install()
    page.reload()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.click("#live")
    assert page.get_attribute("#live", "aria-pressed") == "false"
    page.clock.run_for(60_000)

    assert asked == []


def test_behind_a_prefix_all_links_lead_to_something(shell, vendor, world, browser):
    exporter = shell.run(
        [source(vendor, world.customers[:1], interval="1h")],
        "--web.route-prefix=/mail",
        "--web.telemetry-path=/numbers",
    )
    shown = Visit(browser, f"http://127.0.0.1:{exporter.port}").open("/mail/")
    links = shown.page.eval_on_selector_all("a", "all => all.map((each) => each.href)")

    assert f"http://127.0.0.1:{exporter.port}/mail/numbers" in links
    assert {exporter.ask(link.removeprefix(f"http://127.0.0.1:{exporter.port}")).status_code for link in links} == {200}
    assert shown.complaints == []
    shown.page.context.close()
