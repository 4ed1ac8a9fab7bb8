hft_bench(pipeline feature)
