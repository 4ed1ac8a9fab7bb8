# Installs the build of BUILD_DIR into an empty prefix, builds EXAMPLE_DIR with nothing but that prefix, and runs it.
cmake_minimum_required(VERSION 3.25)

set(scratch "${BUILD_DIR}/embed_in_cpp")
file(REMOVE_RECURSE "${scratch}")

# step(<what> COMMAND...): stops with the output of a command that fails.
function(step what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${what} failed (${result}):\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

step("install" "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${scratch}/prefix")
step("configure" "${CMAKE_COMMAND}" -S "${EXAMPLE_DIR}" -B "${scratch}/build" -G "${GENERATOR}"
  "-DCMAKE_PREFIX_PATH=${scratch}/prefix" -DCMAKE_BUILD_TYPE=Release
  "-DCMAKE_CXX_COMPILER=${CXX}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}"
  "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Werror")
step("build" "${CMAKE_COMMAND}" --build "${scratch}/build")
step("run" "${scratch}/build/embed_in_cpp" "${EXAMPLE_DIR}/instruments.json" "${EXAMPLE_DIR}/spec.json")

foreach(wanted "because: signal" "\"fills\":[1-9]" "holds" "tick_to_decision")
  if(NOT output MATCHES "${wanted}")
    message(FATAL_ERROR "the example's output lacks '${wanted}':\n${output}")
  endif()
endforeach()
message("${output}")
