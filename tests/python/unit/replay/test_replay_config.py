"""What a replay is told is checked when it is made."""

from __future__ import annotations

import pytest

import hftcore as hc
from hftcore.errors import HftError, ParameterError, RiskConfigError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threshold": 0.0}, r"threshold must be in \(0, 1\], was 0\.0"),
        ({"threshold": float("nan")}, r"threshold must be in \(0, 1\], was nan"),
        ({"order_qty": 0}, "order_qty_lots must be in .*, was 0"),
        ({"order_qty": 1.5}, r"order_qty must be a whole number .*, was 1\.5"),
        ({"cooldown": "5 parsecs"}, "cooldown must be .*, was '5 parsecs'"),
        ({"hold": "99999999999h"}, "hold must be .* within 64 bits, was '99999999999h'"),
        ({"hold": -1}, "hold must be >= 0 nanoseconds .*, was -1"),
    ],
)
def test_a_threshold_out_of_range_names_parameter_rule_and_value(arguments, message):
    with pytest.raises(ParameterError, match=message):
        hc.Threshold(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_open_positions": -1}, "max_open_positions must be >= 0, was -1"),
        ({"max_open_positions": 2**32}, r"max_open_positions must be at most 2\*\*32 - 1, was 4294967296"),
        ({"max_order_qty": 0}, "RiskLimits: max_order_qty_lots must be in .*, was 0"),
        ({"max_order_qty": 11, "max_position_qty": 10}, "must be <= max_position_qty_lots, were 11 and 10"),
        ({"stop_loss_bps": -1.0}, "stop_loss_milli_bps must be in .*, was -1000"),
        ({"stop_loss_bps": 0.0001}, "stop_loss_bps must be a multiple of 1e-3"),
        ({"stop_loss_bps": float("inf")}, "stop_loss_bps must be a finite number"),
        ({"stop_out_pause": 2.5}, r"stop_out_pause must be .*, was 2\.5"),
        ({"max_position_qty": 2**70, "max_order_qty": 1}, "whole number of at most 64 bits"),
    ],
)
def test_a_limit_out_of_range_is_a_risk_config_error(arguments, message):
    with pytest.raises(RiskConfigError, match=message):
        hc.RiskLimits(**arguments)


def test_a_fee_out_of_range_or_between_steps_is_refused():
    with pytest.raises(ParameterError, match="fee_bps must be a multiple of 1e-3"):
        hc.SimulatedExchange(fee_bps=0.00001)
    with pytest.raises(ParameterError, match="fee in milli-bps must be in"):
        hc.SimulatedExchange(fee_bps=20_000.0)
    with pytest.raises(ParameterError, match="fee_per_unit must be a finite number, was 'free'"):
        hc.SimulatedExchange(fee_per_unit="free")


def test_a_broken_rule_is_ours_and_a_value_error_too():
    assert issubclass(ParameterError, HftError)
    assert issubclass(ParameterError, ValueError)


def test_durations_are_nanoseconds_or_text():
    settings = hc.Threshold(0.7, cooldown="250ms", hold="2m").to_dict()
    assert settings["cooldown_ns"] == 250_000_000
    assert settings["hold_ns"] == 120_000_000_000
    assert hc.Threshold(0.7, hold=5).to_dict()["hold_ns"] == 5


def test_decimal_fees_are_taken_exactly():
    assert hc.SimulatedExchange(fee_bps=0.1, fee_per_unit=0.0035).to_dict() == {
        "kind": "simulated_exchange",
        "milli_bps": 100,
        "nano_per_unit": 3_500_000,
    }


def test_settings_are_immutable_values():
    assert hc.RiskLimits(max_open_positions=2) == hc.RiskLimits(max_open_positions=2)
    with pytest.raises(AttributeError):
        hc.Threshold(0.7).threshold = 0.8


def test_the_exchange_says_what_it_takes_for_granted():
    text = " ".join(hc.SimulatedExchange().assumptions)
    assert "zero latency" in text
    assert "no market impact" in text
