hft_test(base/crc32c base)
hft_test(base/bytes base)
