"""Configuration files as frozen models; whatever is wrong in one is said with its line, all of it at once."""

from exporter.config.customer_table import values_of
from exporter.config.discovery import DiscoveryConfig
from exporter.config.duration import format_duration, parse_duration
from exporter.config.loading import load
from exporter.config.models import (
    CollectorConfig,
    CollectorsConfig,
    Config,
    CustomerConfig,
    HttpConfig,
    LimitsConfig,
    PollingConfig,
    RateLimitConfig,
    RetryConfig,
    SourceConfig,
)
from exporter.config.schema import json_schema
from exporter.config.secrets import Credentials, Secret, secrets_of
from exporter.config.section import Section
from exporter.config.stamps import Stamp, stamp_of
from exporter.config.values import (
    VENDOR_ZONE,
    AskedTimeZone,
    Duration,
    DurationRange,
    Name,
    Size,
    TimeZone,
    mistake,
    mistakes,
    repeated,
)
from exporter.config.watch import Changes, Watch
from exporter.config.web_config import CIPHER_SUITES, TlsServerConfig, WebConfig, load_web, web_problem

__all__ = [
    "CIPHER_SUITES",
    "VENDOR_ZONE",
    "AskedTimeZone",
    "Changes",
    "CollectorConfig",
    "CollectorsConfig",
    "Config",
    "Credentials",
    "CustomerConfig",
    "DiscoveryConfig",
    "Duration",
    "DurationRange",
    "HttpConfig",
    "LimitsConfig",
    "Name",
    "PollingConfig",
    "RateLimitConfig",
    "RetryConfig",
    "Secret",
    "Section",
    "Size",
    "SourceConfig",
    "Stamp",
    "TimeZone",
    "TlsServerConfig",
    "Watch",
    "WebConfig",
    "format_duration",
    "json_schema",
    "load",
    "load_web",
    "mistake",
    "mistakes",
    "parse_duration",
    "repeated",
    "secrets_of",
    "stamp_of",
    "values_of",
    "web_problem",
]
