hft_test(gen/generator base event gen)
hft_test(gen/variates gen)
hft_test(gen/stream base event gen)
