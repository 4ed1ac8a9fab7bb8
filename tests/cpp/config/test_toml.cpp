#include "hft/config/toml.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

namespace {

using hft::config::kMaxTomlDepth;
using hft::config::parse_toml;
using hft::config::TomlError;
using hft::config::TomlValue;

std::string refusal_of(std::string_view text) {
  try {
    (void)parse_toml(text);
  } catch (const TomlError& error) {
    return error.what();
  }
  return "accepted";
}

const TomlValue& at(const TomlValue& table, std::string_view key) {
  const TomlValue* value = table.find(key);
  if (value == nullptr) throw std::out_of_range(std::string{key});
  return *value;
}

TEST(Toml, ReadsEveryKindOfText) {
  const TomlValue root = parse_toml(R"(
basic = "tab\t, quote\", \u00e9 \U0001F600"
literal = 'C:\new'
lines = """
one
two \
    three ""quoted"" """"
raw = '''
it's
'''
)");
  EXPECT_EQ(at(root, "basic").text(), "tab\t, quote\", \u00e9 \U0001F600");
  EXPECT_EQ(at(root, "literal").text(), "C:\\new");
  EXPECT_EQ(at(root, "lines").text(), "one\ntwo three \"\"quoted\"\" \"");
  EXPECT_EQ(at(root, "raw").text(), "it's\n");
}

TEST(Toml, ReadsEveryKindOfNumber) {
  const TomlValue root = parse_toml(
      "a=[0xDEAD_beef, 0o755, 0b1101, -1_000, +0, 9223372036854775807, -9223372036854775808]\n"
      "b=[1.5, -2e-3, 6.02_2e+2_3, -inf, nan, 0e0]");
  const auto a = at(root, "a").items();
  EXPECT_EQ(a[0].integer(), 0xDEADBEEF);
  EXPECT_EQ(a[1].integer(), 0755);
  EXPECT_EQ(a[2].integer(), 13);
  EXPECT_EQ(a[3].integer(), -1000);
  EXPECT_EQ(a[4].integer(), 0);
  EXPECT_EQ(a[5].integer(), INT64_MAX);
  EXPECT_EQ(a[6].integer(), INT64_MIN);
  const auto b = at(root, "b").items();
  EXPECT_EQ(b[0].real(), 1.5);
  EXPECT_EQ(b[1].real(), -2e-3);
  EXPECT_EQ(b[2].real(), 6.022e23);
  EXPECT_TRUE(std::isinf(b[3].real()) && b[3].real() < 0);
  EXPECT_TRUE(std::isnan(b[4].real()));
  EXPECT_TRUE(b[5].is(TomlValue::Kind::kReal));
}

TEST(Toml, ReadsEveryKindOfTable) {
  const TomlValue root = parse_toml(R"(
name.first = "a"
name.last = "b"
point = {x = 1, y.z = 2}
[servers.alpha]
cpu = 1
[servers]
n = 2
[[run]]
id = 1
[run.inner]
ok = true
[[run]]
id = 2
)");
  EXPECT_EQ(at(at(root, "name"), "last").text(), "b");
  EXPECT_EQ(at(at(at(root, "point"), "y"), "z").integer(), 2);
  EXPECT_EQ(at(at(at(root, "servers"), "alpha"), "cpu").integer(), 1);
  EXPECT_EQ(at(at(root, "servers"), "n").integer(), 2);
  ASSERT_EQ(at(root, "run").items().size(), 2U);
  EXPECT_TRUE(at(at(at(root, "run").items()[0], "inner"), "ok").flag());
  EXPECT_EQ(at(at(root, "run").items()[1], "id").integer(), 2);
}

TEST(Toml, KnowsWhereEachValueStands) {
  const TomlValue root = parse_toml("# first\r\n[risk]\r\n  limit = \"5\" # five\r\n");
  const TomlValue& limit = at(at(root, "risk"), "limit");
  EXPECT_EQ(limit.at().line, 3U);
  EXPECT_EQ(limit.at().column, 11U);
  EXPECT_EQ(at(root, "risk").members()[0].at.column, 3U);
}

TEST(Toml, SaysWhatWasFoundAndWhatWasExpected) {
  EXPECT_EQ(refusal_of("a = 1\nb 2"), "2:3: found '2', expected '=' after a key");
  EXPECT_EQ(refusal_of("a = \"x"), "1:7: found the end of the file, expected a closing quote");
  EXPECT_EQ(refusal_of("a = 1 2"), "1:7: found '2', expected the end of the line after a value");
  EXPECT_EQ(refusal_of("a = [1 2]"), "1:8: found '2', expected ',' or ']' in an array");
  EXPECT_EQ(refusal_of("a = 1\na = 2"), "2:1: 'a' occurs twice, expected each table and key once");
  EXPECT_EQ(refusal_of("[a]\n[a]"), "2:2: 'a' occurs twice, expected each table and key once");
  EXPECT_EQ(refusal_of("day = 1979-05-27"),
            "1:7: found a date or a time, which this file has no use for: expected text or a number");
  EXPECT_EQ(refusal_of("day = 07:32:00"),
            "1:7: found a date or a time, which this file has no use for: expected text or a number");
  EXPECT_EQ(refusal_of("a = 9223372036854775808"), "1:5: an integer must fit 64 bits");
  EXPECT_EQ(refusal_of("a = yes"),
            "1:5: found 'y', expected a value: text in quotes, a number, true, false, [...] or {...}");
}

TEST(Toml, RefusesWhatAddsToWhatIsComplete) {
  for (const char* text : {"a = {b = 1}\na.c = 2", "a = {b = 1}\n[a.c]", "a = [1]\n[[a]]", "a.b = 1\n[a]",
                           "[a]\nb.c = 1\n[a.b]", "[[a]]\n[a]", "[a]\n[[a]]", "a = 1\n[a.b]", "[a.b.c]\n[a]\nb.c.d = 1",
                           "a = {b = 1, b.c = 2}", "a = {b.c = 1, b = 2}", "a = [{b = 1}]\n[a.c]"}) {
    EXPECT_NE(refusal_of(text), "accepted") << text;
  }
  for (const char* text :
       {"[a.b]\n[a]", "a = {b.c = 1, b.d = 2}", "[a]\nb.c = 1\n[a.b.d]", "[[a.b]]\n[a]", "[a.b.c]\n[a]\nb.d = 1"}) {
    EXPECT_EQ(refusal_of(text), "accepted") << text;
  }
}

TEST(Toml, EndsNestingBeforeTheStackDoes) {
  EXPECT_EQ(refusal_of("a = " + std::string(kMaxTomlDepth, '[') + std::string(kMaxTomlDepth, ']')), "accepted");
  EXPECT_NE(refusal_of("a = " + std::string(100'000, '[')), "accepted");
  std::string dotted = "a";
  for (int i = 0; i < 10'000; ++i) dotted += ".a";
  EXPECT_NE(refusal_of(dotted + " = 1"), "accepted");
}

TEST(Toml, AnyDamagedTextIsReadOrRefused) {
  const std::string whole =
      "a.b = 1\n\"q\" = '''x\n'''\n[t.u] # c\nv = [0x1f, -2.5e3, {w = \"\\u00e9\"}, \"\"\"l\\\n  m\"\"\"]\n[[x]]\ny = "
      "true\n[[x]]\n";
  std::mt19937 random{13};
  std::size_t n_accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = whole;
    for (int n = 0; n < 3; ++n) {
      const std::size_t where = random() % text.size();
      switch (random() % 3) {
        case 0: text[where] = static_cast<char>(random()); break;
        case 1: text.erase(where, 1); break;
        default: text.insert(where, 1, text[random() % text.size()]);
      }
    }
    n_accepted += refusal_of(text) == "accepted" ? 1 : 0;
  }
  EXPECT_GT(n_accepted, 0U);
}

}  // namespace
