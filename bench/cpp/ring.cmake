hft_bench(ring ring)
target_link_libraries(bench_ring PRIVATE Threads::Threads)
