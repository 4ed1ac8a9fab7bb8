hft_bench(codecs base event gen)
# The JSON decoder's rival, from Debian's libsimdjson-dev or Homebrew's simdjson. It may use every instruction of this
# machine, which our own code does not.
find_package(simdjson QUIET)
if(simdjson_FOUND)
  target_sources(bench_codecs PRIVATE simdjson_decoder.cpp)
  set_source_files_properties(simdjson_decoder.cpp PROPERTIES
    COMPILE_OPTIONS "-march=native;-Wno-conversion;-Wno-shadow;-Wno-error")
  target_link_libraries(bench_codecs PRIVATE simdjson::simdjson)
  target_compile_definitions(bench_codecs PRIVATE HFT_HAVE_SIMDJSON)
else()
  message(STATUS "simdjson was not found: the JSON decoder is measured without its rival (apt install libsimdjson-dev)")
endif()
