# What `cmake --install` leaves for C++ users: headers, static libraries, and find_package(hftcore CONFIG) with a target
# hftcore::<module> each. Nothing here runs in a wheel build: the wheel carries programs, not libraries.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(HFT_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/hftcore")

install(TARGETS hft_flags EXPORT hftcore)
set_target_properties(hft_flags PROPERTIES EXPORT_NAME flags)
install(EXPORT hftcore NAMESPACE hftcore:: FILE hftcoreTargets.cmake DESTINATION "${HFT_PACKAGE_DIR}")

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/hftcoreConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/hftcoreConfig.cmake" INSTALL_DESTINATION "${HFT_PACKAGE_DIR}")
# Before 1.0 a minor version may break what a user wrote.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/hftcoreConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/hftcoreConfig.cmake" "${PROJECT_BINARY_DIR}/hftcoreConfigVersion.cmake"
  DESTINATION "${HFT_PACKAGE_DIR}")

# hft_install_module(<name>): called by hft_module for each.
function(hft_install_module name)
  set_target_properties(hft_${name} PROPERTIES EXPORT_NAME ${name} OUTPUT_NAME hftcore_${name})
  install(TARGETS hft_${name} EXPORT hftcore INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/cpp/include/hft/${name}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/hft"
    FILES_MATCHING PATTERN "*.hpp")
endfunction()
