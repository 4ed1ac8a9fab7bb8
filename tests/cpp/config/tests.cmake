hft_test(config/toml config)
hft_test(config/settings config)
hft_test(config/daemon_config config)
hft_test(config/value_text config)
target_include_directories(test_value_text PRIVATE "${PROJECT_SOURCE_DIR}/cpp/src/config")  # a private header
