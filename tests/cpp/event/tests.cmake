hft_test(event/decode base event)
hft_test(event/instrument_rules base event)
hft_test(event/encoders base event)
hft_test(event/packed_file base event)
