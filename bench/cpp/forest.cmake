hft_bench(forest model)
