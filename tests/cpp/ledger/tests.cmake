hft_test(ledger/journal ledger)
hft_test(ledger/journal_recovery ledger)
hft_test(ledger/positions ledger)
hft_test(ledger/journal_resume ledger)
