hft_bench(decision engine gen model telemetry)
