hft_bench(crc32c base)
