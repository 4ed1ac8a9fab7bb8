hft_test(snapshot/store snapshot base)
hft_test(snapshot/store_faults snapshot base)
