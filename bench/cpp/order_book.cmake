hft_bench(order_book book)
