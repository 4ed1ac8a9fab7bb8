#include "hft/feature/formula.hpp"

#include <gtest/gtest.h>

#include <random>
#include <stdexcept>
#include <string>

namespace hft::feature {
namespace {

std::string spelled(const std::string& text) { return text_of(parse_formulas(text).at(0)); }

TEST(Formula, has_one_spelling_that_parses_to_itself) {
  const std::pair<const char*, const char*> kPairs[] = {
      {"a+b*c", "a + b * c"},
      {"(a+b)*c", "(a + b) * c"},
      {"((a))", "a"},
      {"a-(b-c)", "a - (b - c)"},
      {"a-b-c", "a - b - c"},
      {"a/(b*c)", "a / (b * c)"},
      {"-a*b", "-a * b"},
      {"-(a+b)", "-(a + b)"},
      {"--a", "--a"},
      {"- 3", "-3"},
      {"2*-3", "2 * -3"},
      {"1e-3", "0.001"},
      {"(a<b)<c", "(a < b) < c"},
      {"a>=b", "a >= b"},
      {"f( x ,n = 3, w='5s')", "f(x, n=3, w='5s')"},
      {"x@SPY", "x@SPY"},
      {"x@\"BTC-USD\"", "x@'BTC-USD'"},
      {"`a-b`-c", "`a-b` - c"},
  };
  for (const auto& [given, wanted] : kPairs) {
    EXPECT_EQ(spelled(given), wanted);
    EXPECT_EQ(spelled(wanted), wanted);
  }
}

TEST(Formula, a_list_is_split_at_its_own_commas) { EXPECT_EQ(parse_formulas("a, f(b, c), (d)").size(), 3U); }

TEST(Formula, nesting_and_length_are_bounded) {
  EXPECT_THROW((void)parse_formulas(std::string(100, '(') + "a" + std::string(100, ')')), std::invalid_argument);
  EXPECT_THROW((void)parse_formulas(std::string(100, '-') + "a"), std::invalid_argument);
  EXPECT_THROW((void)parse_formulas(std::string(kMaxFormulaBytes + 1, 'a')), std::invalid_argument);
}

TEST(Formula, any_bytes_are_parsed_or_refused) {
  std::mt19937 rng{1};
  const std::string alphabet = "ab1.9e+-*/<>=(),'\"`@ _\t\x80";
  for (int round = 0; round < 20'000; ++round) {
    std::string text(rng() % 24, ' ');
    for (char& c : text) c = alphabet[rng() % alphabet.size()];
    std::string once;
    try {
      once = spelled(text);
    } catch (const std::invalid_argument&) {
      continue;
    }
    EXPECT_EQ(spelled(once), once) << text;
  }
}

}  // namespace
}  // namespace hft::feature
