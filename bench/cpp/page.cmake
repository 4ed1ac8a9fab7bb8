hft_bench(page base telemetry)
