hft_test(sequence/input_order sequence)
hft_test(sequence/lease sequence)
hft_test(sequence/history sequence)
