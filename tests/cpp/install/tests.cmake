# What a C++ user does: install, find_package, build and run the example. A plain build shows it; once is enough.
if(HFT_INSTALL AND NOT HFT_SANITIZE)
  add_test(NAME embed_in_cpp COMMAND "${CMAKE_COMMAND}"
    -D BUILD_DIR=${PROJECT_BINARY_DIR} -D EXAMPLE_DIR=${PROJECT_SOURCE_DIR}/examples/embed_in_cpp
    -D GENERATOR=${CMAKE_GENERATOR} -D CXX=${CMAKE_CXX_COMPILER} -D LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER}
    -P "${CMAKE_CURRENT_LIST_DIR}/embed_in_cpp.cmake")
  set_tests_properties(embed_in_cpp PROPERTIES TIMEOUT 300)
endif()
