// A forest of two features and three margins, written by hand in the shape that the generated C has.
#include <cstdint>

extern "C" {

struct Table {
  std::uint32_t abi, n_features, n_margins, reserved;
  void (*add_margins)(const double*, double*);
};

static void add_margins(const double* row, double* margins) {
  margins[0] += row[0] <= 0.5 ? -1.0 : 1.0;  // NaN goes right
  margins[1] += row[1] <= 0.0 ? 0.25 : 0.5;
  margins[2] += row[1];
}

#if defined(HFT_FOREST_NO_SYMBOL)
#define HFT_NAME another_name
#else
#define HFT_NAME hft_forest
#endif
#if defined(HFT_FOREST_WRONG_ABI)
#define HFT_ABI 99
#else
#define HFT_ABI 1
#endif
extern __attribute__((visibility("default"))) const Table HFT_NAME;
const Table HFT_NAME = {HFT_ABI, 2, 3, 0, add_margins};
}
