hft_bench(journal ledger)
