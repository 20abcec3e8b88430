"""How hard the property tests look: `pytest --hypothesis-profile=thorough` looks for minutes."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick", max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=2_000)
settings.load_profile("quick")
