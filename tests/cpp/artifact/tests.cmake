hft_test(artifact/npz artifact)
hft_test(artifact/spec_reader artifact)
hft_test(artifact/instruments artifact)
hft_test(artifact/archive artifact)
