hft_bench(codecs base event gen)
