from exporter.config import SourceConfig
from exporter.providers import discover


def test_every_provider_is_found_by_its_type():
    providers = discover()

    assert list(providers) == sorted(providers)
    assert {"sendgrid_customer", "sendgrid_distributor", "sendgrid_reseller"} <= set(providers)
    assert [provider.type for provider in providers.values()] == list(providers)


def test_every_provider_has_a_model_of_a_source():
    assert all(issubclass(provider.config, SourceConfig) for provider in discover().values())


def test_a_metric_has_one_family_whichever_provider_gives_it():
    """Families are compared by identity, so two of one name would be two metrics of one name."""
    families = {family for provider in discover().values() for family in (*provider.families, provider.info)}

    assert len({family.name for family in families}) == len(families)
