hft_test(decision/threshold decision)
