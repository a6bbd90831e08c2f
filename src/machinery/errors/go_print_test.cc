#include "machinery/errors/go_print.h"

#include <gtest/gtest.h>

#include "codec/json/tree.h"

namespace mizzen::machinery {
namespace {

codec::Value json(const char* text) { return *codec::Value::parse(text); }

TEST(GoPrint, PrintsValuesAsGoDoes) {
  EXPECT_EQ(go_print(json(R"({"b":[1,"x",true,null,1.5],"a":{}})")), "map[a:map[] b:[1 x true <nil> 1.5]]");
}

}  // namespace
}  // namespace mizzen::machinery
