#include "fuzz_messages.hpp"
#include "hft/event/avro_decoder.hpp"

namespace {

/// A writer that had everything: id 2 of the corpus.
constexpr std::string_view kOther = R"({"type":"record","name":"Tick","namespace":"feed","fields":[
  {"name":"venue","type":["null","string"]},
  {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["quote","auction","trade","control","book_level"]}},
  {"name":"tags","type":{"type":"map","values":{"type":"array","items":["null","double","feed.Kind"]}}},
  {"name":"symbol","type":["bytes","null"]},
  {"name":"ts_event_ns","type":["int","float","long"]},
  {"name":"legs","type":{"type":"array","items":{"type":"record","name":"Leg","fields":[
    {"name":"ok","type":"boolean"},{"name":"id","type":{"type":"fixed","name":"Id","size":3}}]}}},
  {"name":"ts_recv_ns","type":"long"},
  {"name":"px_ticks","type":["long","null"]},
  {"name":"qty_lots","type":["null","int"]},
  {"name":"code","type":["null","long"]},
  {"name":"nothing","type":{"type":"array","items":"null"}}]})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n_bytes) {
  using namespace hft;
  static const event::AvroDecoder kDecoder{fuzz::instruments(),
                                           {{1, std::string{event::own_avro_schema()}}, {2, std::string{kOther}}}};
  fuzz::decode_and_return(kDecoder, event::Format::kAvro, fuzz::as_bytes(data, n_bytes));
  return 0;
}
