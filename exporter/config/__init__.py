"""Configuration files as frozen models; whatever is wrong in one is said with its line, all of it at once."""

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
from exporter.config.secrets import Credentials, Secret
from exporter.config.section import Section
from exporter.config.values import Duration, DurationRange, Name, Size, TimeZone, mistake
from exporter.config.watch import Changes, Watch

__all__ = [
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
    "TimeZone",
    "Watch",
    "format_duration",
    "json_schema",
    "load",
    "mistake",
    "parse_duration",
]
