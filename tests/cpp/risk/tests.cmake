hft_test(risk/limits risk)
hft_test(risk/gate risk)
hft_test(risk/gate_properties risk)
