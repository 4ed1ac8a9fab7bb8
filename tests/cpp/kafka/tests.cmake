hft_test(kafka/partitioner kafka)
hft_test(kafka/library kafka)
hft_test(kafka/producer kafka)
hft_test(kafka/consumer kafka)
hft_test(kafka/broker_loss kafka)

# The one place that needs librdkafka's own header: there in CI, and where librdkafka-dev is installed.
include(CheckIncludeFileCXX)
check_include_file_cxx(librdkafka/rdkafka.h HFT_HAVE_RDKAFKA_H)
if(HFT_HAVE_RDKAFKA_H)
  hft_test(kafka/kafka_api_header kafka)
elseif(DEFINED ENV{CI})
  message(FATAL_ERROR "librdkafka/rdkafka.h is missing: apt-get install librdkafka-dev")
endif()
