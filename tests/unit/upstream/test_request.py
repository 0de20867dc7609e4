from exporter.upstream import Reply, Request


def test_a_request_shows_neither_its_fields_nor_its_headers_nor_its_account():
    fields = (("api_key", "hush"),), (("key", "hush"),), (("Authorization", "hush"),)
    request = Request("POST", "/a", *fields, account="hush")

    assert repr(request) == str(request) == "Request(POST /a)"


def test_a_reply_does_not_show_what_the_vendor_wrote():
    assert repr(Reply(200, b"<echo of a password>", {"X": "y"})) == "Reply(200, 20 bytes)"
