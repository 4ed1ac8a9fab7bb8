hft_test(ring/spsc_ring ring)
hft_test(ring/channel ring)
target_link_libraries(test_spsc_ring PRIVATE Threads::Threads)
target_link_libraries(test_channel PRIVATE Threads::Threads)
