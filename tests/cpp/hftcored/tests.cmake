# A forest that scores what a test dictates, as the compiler of forests makes them.
add_library(imbalance_forest MODULE hftcored/imbalance_forest.cpp)
hft_test(hftcored/recovery daemon)
target_include_directories(test_recovery PRIVATE engine)
target_compile_definitions(test_recovery PRIVATE IMBALANCE_FOREST="$<TARGET_FILE:imbalance_forest>")
add_dependencies(test_recovery imbalance_forest)
hft_test(hftcored/control_text daemon)
hft_test(hftcored/tape_source daemon)
