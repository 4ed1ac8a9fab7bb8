# Libraries as the compiler of forests makes them: one whole, one of another abi, one without the symbol.
foreach(variant whole wrong_abi no_symbol)
  add_library(forest_${variant} MODULE model/forest_fixture.cpp)
  string(TOUPPER ${variant} define)
  target_compile_definitions(forest_${variant} PRIVATE HFT_FOREST_${define})
endforeach()

hft_test(model/output_rule model)
hft_test(model/exp model)
hft_test(model/forest model)
hft_test(model/compiled_library model)
target_compile_definitions(test_compiled_library PRIVATE
  FOREST_WHOLE="$<TARGET_FILE:forest_whole>"
  FOREST_WRONG_ABI="$<TARGET_FILE:forest_wrong_abi>"
  FOREST_NO_SYMBOL="$<TARGET_FILE:forest_no_symbol>")
add_dependencies(test_compiled_library forest_whole forest_wrong_abi forest_no_symbol)
hft_test(model/kernel model)
target_include_directories(test_kernel PRIVATE "${PROJECT_SOURCE_DIR}/cpp/src/model")  # paths, real and emulated
hft_test(model/forest_model model)
hft_test(model/forest_allocation model allocation_count)
