#include "base/text_out.h"

#include <gtest/gtest.h>

namespace mizzen {
namespace {

TEST(TextOut, WritesWhatAppendWould) {
  std::string source;
  for (int i = 0; i < 5000; ++i) source += static_cast<char>('a' + i % 26);
  std::string wanted = "begin", got = "begin";
  {
    TextOut out(got);
    for (size_t n = 0; n < 200; ++n) {
      wanted.append(source, n, n);
      out.append(source.data() + n, n);
      wanted += '|';
      out += '|';
    }
    wanted += source;
    out += source;
    out[0] = 'B';
    EXPECT_EQ(out.size(), wanted.size());
  }
  wanted[0] = 'B';
  EXPECT_EQ(got, wanted);
}

TEST(TextOut, GoesOnAfterFlush) {
  std::string got;
  TextOut out(got);
  out += "one more";
  out.cut(3);
  out.flush();
  EXPECT_EQ(got, "one");
  got += " two";
  TextOut again(got);
  again += " three";
  again.flush();
  EXPECT_EQ(got, "one two three");
}

}  // namespace
}  // namespace mizzen
