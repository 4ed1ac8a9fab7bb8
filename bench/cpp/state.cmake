hft_bench(state engine)
