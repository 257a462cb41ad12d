"""Requests to where nothing is taken."""

from __future__ import annotations

import pytest

from otel_i2e.receive.astray import astray, unrecorded


@pytest.mark.parametrize(
    ("path", "signal"),
    [("/v1/metrics", "metrics"), ("/V1/metrics/", "metrics"), ("/v1development/profiles", "profiles")],
)
@pytest.mark.parametrize("by_method", [True, False])
def test_a_signal_of_otlp_that_is_not_recorded_is_named(path: str, signal: str, by_method: bool) -> None:
    """With how a sender is told to send none."""
    refused = astray("POST", path, by_method=by_method)
    assert (refused.reason, refused.http_status, refused.retry_after) == (f"{signal} are not recorded", 404, None)
    assert f"OTEL_{signal.upper()}_EXPORTER=none" in str(refused)
    assert str(refused) == str(unrecorded(signal))


def test_another_path_is_told_where_to_go() -> None:
    """The usual mistake is a traces endpoint without its path. A path may be long."""
    refused = astray("POST", "/", by_method=False)
    assert (refused.reason, refused.http_status) == ("unknown path", 404)
    assert "/v1/traces or /v1/logs" in str(refused)
    assert "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT the whole URL" in str(refused)
    assert len(str(astray("POST", "/" * 5_000, by_method=False))) < 600


def test_another_method_is_told_which_to_use() -> None:
    """POST."""
    refused = astray("PUT", "/v1/traces", by_method=True)
    assert (refused.reason, refused.http_status) == ("wrong method", 405)
    assert "PUT is not taken at '/v1/traces'; OTLP is sent by POST" in str(refused)
