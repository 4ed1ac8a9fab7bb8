hft_bench(gen base event gen)
