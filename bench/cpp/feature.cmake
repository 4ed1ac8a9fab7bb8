hft_bench(feature feature)
