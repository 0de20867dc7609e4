"""The pages that a scraper, a probe or a person asks for, and the server that answers on sockets.

No page ever asks a vendor or waits for a fetch: each reads what is in memory.
"""

from exporter.web.guard import Guard
from exporter.web.pages import View, pages
from exporter.web.server import Server
from exporter.web.settings import Settings
from exporter.web.sockets import Address, handed_over, listen, parse_address

__all__ = ["Address", "Guard", "Server", "Settings", "View", "handed_over", "listen", "pages", "parse_address"]
