# One CMake target per C++ module. A module sees its own headers and those of the modules it names, and no others:
# each gets an include root of its own that holds a single link, hft/<module>, so a forbidden #include does not resolve.
# Installed, all headers share one root, and the modules are hftcore::<module> (HftInstall.cmake).

# GCC 12 and 13 see an overlap in the library's own "text" + std::string once that is inlined (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(no_false_alarm -Wno-restrict)
endif()

add_library(hft_flags INTERFACE)
target_compile_features(hft_flags INTERFACE cxx_std_20)
target_compile_options(hft_flags INTERFACE
  "$<BUILD_INTERFACE:-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow;${no_false_alarm};$<$<BOOL:${HFT_WERROR}>:-Werror>>"
  -ffp-contract=off)  # a*x+b rounds twice on every CPU, in a user's build of our headers too: the bits must agree
if(HFT_SANITIZE)
  target_compile_options(hft_flags INTERFACE -fsanitize=${HFT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(hft_flags INTERFACE -fsanitize=${HFT_SANITIZE})
endif()

# hft_module(<name> [SOURCES file...] [DEPENDS module...])
function(hft_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  set(root "${CMAKE_BINARY_DIR}/include_roots/${name}")
  file(MAKE_DIRECTORY "${root}/hft")
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/cpp/include/hft/${name}" "${root}/hft/${name}" SYMBOLIC)

  set(links hft_flags)
  foreach(dependency IN LISTS arg_DEPENDS)
    list(APPEND links hft_${dependency})
  endforeach()
  if(arg_SOURCES)
    add_library(hft_${name} STATIC ${arg_SOURCES})
    target_include_directories(hft_${name} PUBLIC "$<BUILD_INTERFACE:${root}>")
    target_link_libraries(hft_${name} PUBLIC ${links})
    hft_precompile(hft_${name} hft_pch ${HFT_STD_HEADERS})
  else()
    add_library(hft_${name} INTERFACE)
    target_include_directories(hft_${name} INTERFACE "$<BUILD_INTERFACE:${root}>")
    target_link_libraries(hft_${name} INTERFACE ${links})
  endif()
  add_library(hftcore::${name} ALIAS hft_${name})
  if(HFT_INSTALL)
    hft_install_module(${name})
  endif()
endfunction()
