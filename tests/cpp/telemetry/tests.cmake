hft_test(telemetry/latency_histogram telemetry)
hft_test(telemetry/tick_clock telemetry)
