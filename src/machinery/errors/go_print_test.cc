#include "machinery/errors/go_print.h"

#include <gtest/gtest.h>

#include "codec/json/tree.h"

namespace mizzen::machinery {
namespace {

codec::Value json(const char* text) { return *codec::Value::parse(text); }

TEST(GoPrint, PrintsValuesAsGoDoes) {
  EXPECT_EQ(go_print(json(R"({"b":[1,"x",true,null,1.5],"a":{}})")), "map[a:map[] b:[1 x true <nil> 1.5]]");
}

TEST(GoPrint, NumbersGetAnExponentWhereGoGivesThemOne) {
  for (const auto& [text, printed] : std::initializer_list<std::pair<const char*, const char*>>{
           {"123456.5", "123456.5"},
           {"1234567.5", "1.2345675e+06"},
           {"1e5", "100000"},
           {"1e6", "1e+06"},
           {"1000000", "1000000"},
           {"9223372036854775808", "9.223372036854776e+18"},
           {"0.0001", "0.0001"},
           {"0.00001", "1e-05"},
           {"2.0", "2"}})
    EXPECT_EQ(go_print(json(text)), printed) << text;
}

}  // namespace
}  // namespace mizzen::machinery
