hft_test(book/order_book book allocation_count)
