hft_test(engine/session_end engine)
hft_test(engine/engine engine)
hft_test(engine/engine_exits engine)
hft_test(engine/replay engine)
hft_test(engine/no_allocation engine)  # replaces operator new: a binary of its own
hft_test(engine/state engine)
hft_test(engine/state_copy engine)
hft_test(engine/guards engine)
