#include "hft/feature/registry.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace hft::feature {
namespace {

TEST(Registry, every_row_is_complete_and_its_name_unique) {
  std::set<std::string> names;
  for (const Operation& op : operations()) {
    EXPECT_TRUE(names.insert(op.name).second) << op.name;
    EXPECT_GE(op.rev, 1U) << op.name;
    for (const std::string* text :
         {&op.summary, &op.formula, &op.inputs, &op.lookback, &op.output_unit, &op.oracle, &op.standalone}) {
      EXPECT_FALSE(text->empty()) << op.name;
    }
    for (const Param& p : op.params) {
      EXPECT_FALSE(p.doc.empty()) << op.name << "." << p.name;
      const bool has_words = p.type == ParamType::kChoice || p.type == ParamType::kPolicy;
      EXPECT_EQ(p.choices.empty(), !has_words) << op.name << "." << p.name;
    }
  }
  for (const Series& s : series()) EXPECT_TRUE(names.insert(s.name).second) << s.name;
}

TEST(Registry, an_unknown_operation_gets_a_suggestion) {
  const auto message = [](const char* name) {
    try {
      return operation(name).name;
    } catch (const std::invalid_argument& e) {
      return std::string{e.what()};
    }
  };
  EXPECT_EQ(message("ema"), "ema");
  EXPECT_EQ(message("rollin_mean"), "unknown operation 'rollin_mean' (did you mean 'rolling_mean'?)");
  EXPECT_EQ(message("std"), "unknown operation 'std' (did you mean 'rolling_std'?)");
  EXPECT_EQ(message("qwertyuiop"), "unknown operation 'qwertyuiop'");
}

}  // namespace
}  // namespace hft::feature
