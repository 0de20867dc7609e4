"""XML as plain values, and everything that such a reader must not do."""

import gc
import socket
import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import InvalidResponse
from exporter.providers.documents import Ambiguous
from exporter.providers.sendgrid_web.markup import read_xml

ROW = "<day><date>2026-03-13</date><requests>5</requests></day>"


@pytest.mark.parametrize(
    ("body", "path", "value"),
    [
        ("<stats><requests>5</requests><opens/></stats>", ["stats"], {"requests": "5", "opens": ""}),
        (f"<stats>{ROW}</stats>", ["stats"], [{"date": "2026-03-13", "requests": "5"}]),
        (f"<stats>\n {ROW}\n .. {ROW}\n</stats>\n", ["stats"], [{"date": "2026-03-13", "requests": "5"}] * 2),
        ("<stats/>", ["stats"], []),
        ("<stats>\n</stats>", ["stats"], []),
        ("<credits/>", ["credits"], {}),
        ("<credits> </credits>", ["credits"], {}),
        ("<ips><ip>a</ip><ip>a</ip></ips>", ["ips"], ["a", "a"]),
        ("<result><packages/></result>", ["result", "packages"], []),
        ("<result><overview><a>1</a></overview></result>", ["result", "overview"], {"a": "1"}),
        ("<usage><number>1</number><invoices/></usage>", ["usage"], {"number": "1", "invoices": []}),
        # A row's own numbers have names that are lists elsewhere.
        (
            "<stats><day><bounces>1</bounces><unsubscribes/></day></stats>",
            ["stats"],
            [{"bounces": "1", "unsubscribes": ""}],
        ),
        ("<stats><a>1</a><a>2</a><b>1</b><b>1</b></stats>", ["stats"], {"a": Ambiguous(("1", "2")), "b": "1"}),
        (
            "<result><pending><user><ips><ip>a</ip><ip>b</ip></ips></user></pending></result>",
            ["result", "pending"],
            [{"ips": {"ip": Ambiguous(("a", "b"))}}],
        ),
        ("<users><user><name>&lt;&amp;&#233;<![CDATA[<x>]]></name></user></users>", ["users"], [{"name": "<&é<x>"}]),
        ("<stats><a>1<!-- 2 -->3<?four 4?></a></stats>", ["stats"], {"a": "13"}),
        ('<stats lang="en"><a unit="x">1</a></stats>', ["stats"], {"a": "1"}),
    ],
)
def test_elements_become_the_values_that_the_json_has(body, path, value):
    assert read_xml(body.encode(), path) == value


def test_bytes_are_read_by_the_encoding_that_they_name():
    prolog = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'

    assert read_xml(f"{prolog}<ips><ip>ü</ip></ips>".encode("latin-1"), ["ips"]) == ["ü"]
    assert read_xml("<ips><ip>ü</ip></ips>".encode(), ["ips"]) == ["ü"]
    assert read_xml("<ips><ip>ü</ip></ips>".encode("utf-16"), ["ips"]) == ["ü"]


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("<error><code>400</code><message>no</message></error>", {"error": {"code": "400", "message": "no"}}),
        ("<error>no</error>", {"error": "no"}),
        ("<errors><error>no</error> ... </errors>", {"errors": ["no"]}),
        ("<result><message>no</message></result>", {"message": "no"}),
        (
            "<result><message>error</message><errors><error>no</error> ... <error>way</error></errors></result>",
            {"message": "error", "errors": ["no", "way"]},
        ),
        ("<result><message>error: no</message><stats/></result>", {"message": "error: no", "stats": []}),
        ("<result>no</result>", {"message": "no"}),
    ],
)
@pytest.mark.parametrize("path", [["stats"], ["result", "overview"]])
def test_error_bodies_are_given_whatever_was_asked_for(body, value, path):
    assert read_xml(body.encode(), path) == value


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ("<users/>", ["stats"], "the answer's root element is not <stats>"),
        ("<result><message>success</message></result>", ["stats"], "the answer's root element is not <stats>"),
        ("<result>success</result>", ["stats"], "the answer's root element is not <stats>"),
        ("<result/>", ["result", "overview"], "the answer has no <overview> in its <result>"),
        (
            "<result><message>success</message></result>",
            ["result", "packages"],
            "the answer has no <packages> in its <result>",
        ),
        ('<stats xmlns="urn:x"/>', ["stats"], "the answer's root element is not <stats>"),
        ("", ["stats"], "the answer is empty"),
        (" \n", ["stats"], "the answer is empty"),
        ("<stats><day></stats>", ["stats"], "the answer is not XML: line 1, column "),
        ("<stats>\n<a>secret&nbsp;</a></stats>", ["stats"], "the answer is not XML: line 2, column "),
        ("<stats/><stats/>", ["stats"], "the answer is not XML: line 1, column "),
        ("{}", ["stats"], "the answer is not XML: line 1, column "),
        ("<" + "a" * 50, ["stats"], "the answer is not XML: line 1, column "),
        ("<stats>" + "<a>" * 300 + "</a>" * 300 + "</stats>", ["stats"], "the answer is not XML: line 1, column "),
    ],
)
def test_what_is_something_else_is_refused_without_quoting_it(body, path, message):
    with pytest.raises(InvalidResponse) as caught:
        read_xml(body.encode(), path)
    # Which column it is depends on the version of libxml2.
    assert str(caught.value).rstrip("0123456789") == message
    assert caught.value.__cause__ is caught.value.__context__ is None


def bomb(levels=12):
    entities = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, levels))
    return f'<!DOCTYPE stats [<!ENTITY e0 "lol">{entities}]><stats><requests>&e{levels - 1};</requests></stats>'


def test_an_entity_bomb_is_refused_before_it_is_read():
    tracemalloc.start()
    with pytest.raises(InvalidResponse, match="^the answer has a document type, which is not read$"):
        read_xml(bomb().encode(), ["stats"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 1_000_000


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE stats [<!ENTITY e "{}">]><stats><requests>&e;</requests></stats>',
        '<!DOCTYPE stats [<!ENTITY e SYSTEM "{}">]><stats><requests>&e;</requests></stats>',
        '<!DOCTYPE stats [<!ENTITY % e SYSTEM "{}"> %e;]><stats/>',
        '<!DOCTYPE stats SYSTEM "{}"><stats/>',
        '<!DOCTYPE stats PUBLIC "-//X" "{}"><stats/>',
        '<?xml version="1.0"?>\n<!-- first -->\n<!DOCTYPE stats SYSTEM "{}"><stats/>',
        "<!DOCTYPE stats><stats/>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_document_type_is_refused_whatever_is_in_it(body, encoding, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("5")

    with pytest.raises(InvalidResponse):
        read_xml(body.replace("{}", secret.as_uri()).encode(encoding), ["stats"])


def test_nothing_is_ever_loaded_from_a_network():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        for body in (
            f'<!DOCTYPE stats SYSTEM "{url}"><stats/>',
            f'<!DOCTYPE stats [<!ENTITY e SYSTEM "{url}">]><stats><a>&e;</a></stats>',
        ):
            with pytest.raises(InvalidResponse):
                read_xml(body.encode(), ["stats"])
        for body in (
            f'<?xml-stylesheet href="{url}"?><stats/>',
            f'<stats xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{url}"/></stats>',
            f'<stats xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="{url}"/>',
        ):
            read_xml(body.encode(), ["stats"])
        with pytest.raises(TimeoutError):
            server.accept()


def test_rows_can_be_shrunk_as_they_are_read():
    """Half a million addresses would take some hundred megabytes."""
    body = b"<bounces>" + b"<bounce><email>a@example.com</email></bounce>" * 50_000 + b"</bounces>"
    row = object()
    gc.collect()
    tracemalloc.start()
    rows = read_xml(body, ["bounces"], lambda members: row)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert rows == [row] * 50_000
    assert peak < 12_000_000


@given(st.binary() | st.text().map(str.encode) | st.text().map(lambda text: f"<stats>{text}</stats>".encode()))
def test_any_bytes_are_values_or_refused(body):
    try:
        read_xml(body, ["stats"])
    except InvalidResponse:
        return


def test_two_threads_can_read_at_once():
    values: dict[str, object] = {}

    def read(name):
        values[name] = read_xml(f"<ips>{f'<ip>{name}</ip>' * 1000}</ips>".encode(), ["ips"])

    threads = [threading.Thread(target=read, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert values == {"a": ["a"] * 1000, "b": ["b"] * 1000}
