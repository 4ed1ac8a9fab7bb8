# With HFT_PCH, libraries and tests share one precompiled header each: parsing <string> and GoogleTest takes near half of
# the time that a small test takes to compile. For the sanitizers: what is built a second time, and without -Werror. The
# first time is without, and there a file that forgot an include does not compile.
set(HFT_STD_HEADERS
  <algorithm> <array> <atomic> <bit> <charconv> <chrono> <cmath> <cstdint> <cstring> <filesystem> <fstream> <functional>
  <limits> <map> <memory> <optional> <random> <span> <stdexcept> <string> <string_view> <thread> <utility> <variant>
  <vector>)

# hft_precompile(<target> <owner> header...): the target uses the owner's header; the first to ask makes the owner.
# A header fits whoever has the same flags, so libraries (-fPIC) and programs (-fPIE) need one each.
function(hft_precompile target owner)
  if(NOT HFT_PCH)
    return()
  endif()
  if(NOT TARGET ${owner})
    file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/${owner}.cpp" CONTENT "int main() {}\n" @ONLY)
    if(owner MATCHES "_test$")
      add_executable(${owner} "${PROJECT_BINARY_DIR}/${owner}.cpp")
      target_link_libraries(${owner} PRIVATE GTest::gtest)
    else()
      add_library(${owner} OBJECT "${PROJECT_BINARY_DIR}/${owner}.cpp")
    endif()
    target_link_libraries(${owner} PRIVATE hft_flags)
    target_precompile_headers(${owner} PRIVATE ${ARGN})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${owner})
  # The false alarm of HftModule.cmake has two more names where GCC 12 forgets that <string> is the system's.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-array-bounds -Wno-stringop-overflow)
  endif()
endfunction()
