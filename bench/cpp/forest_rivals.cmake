# A program of its own, started by bench/python/models.py: it is given a forest and what rivals made of it.
add_executable(forest_rivals forest_rivals.cpp)
target_link_libraries(forest_rivals PRIVATE hft_model hft_telemetry ${CMAKE_DL_LIBS})
