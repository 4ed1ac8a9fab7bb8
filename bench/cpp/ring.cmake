# The rival is not ours to ship: a checkout of github.com/rigtorp/SPSCQueue, or wherever CMake finds headers.
set(HFT_RIGTORP_DIR "" CACHE PATH "Folder that holds rigtorp/SPSCQueue.h, for bench_ring")
find_path(HFT_RIGTORP_INCLUDE rigtorp/SPSCQueue.h HINTS "${HFT_RIGTORP_DIR}" "${HFT_RIGTORP_DIR}/include")

hft_bench(ring ring telemetry)
target_link_libraries(bench_ring PRIVATE Threads::Threads)
if(HFT_RIGTORP_INCLUDE)
  target_include_directories(bench_ring SYSTEM PRIVATE "${HFT_RIGTORP_INCLUDE}")
  target_compile_definitions(bench_ring PRIVATE HFT_HAVE_RIGTORP)
endif()
