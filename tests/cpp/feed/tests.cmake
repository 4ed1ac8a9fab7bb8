hft_test(feed/feed feed)
target_include_directories(test_feed PRIVATE kafka)  # the mock cluster
