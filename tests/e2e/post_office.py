"""A mail server on loopback, as much of one as Alertmanager needs to hand over a mail."""

import base64
import email.policy
import socketserver
import threading
from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage
from typing import Self


class PostOffice:
    """Keeps every mail, and the passwords that came with them; a context manager that serves while it is open."""

    def __init__(self) -> None:
        self.passwords: list[str] = []
        self._mails: list[EmailMessage] = []
        office = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self._say("220 ready")
                while line := self.rfile.readline().decode().strip():
                    self._say(self._answer(line))

            def _answer(self, line: str) -> str:
                match line.split():
                    case ["EHLO", *_]:
                        return "250-here\r\n250 AUTH PLAIN"
                    case ["AUTH", "PLAIN", words]:
                        office.passwords.append(base64.b64decode(words).decode().split("\0")[-1])
                        return "235 welcome"
                    case ["DATA"]:
                        self._say("354 go on")
                        office._keep(self._mail())
                        return "250 kept"
                    case ["QUIT"]:
                        return "221 bye"
                return "250 fine"

            def _mail(self) -> bytes:
                lines = iter(self.rfile.readline, b".\r\n")
                return b"".join(line.removeprefix(b".") for line in lines)

            def _say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """Its host and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def mails(self) -> Sequence[EmailMessage]:
        """Every mail so far."""
        return tuple(self._mails)

    def _keep(self, mail: bytes) -> None:
        self._mails.append(message_from_bytes(mail, policy=email.policy.default))
