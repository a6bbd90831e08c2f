#include <gtest/gtest.h>

#include "marker_count.h"
#include "run.h"
#include "template.h"

namespace mizzen::bench {
namespace {

TEST(MarkerCount, CountsWhereverTheAnswerIsCut) {
  const std::string text = "..mark.mark..markmark.mar.k";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    MarkerCount marks("mark");
    for (size_t at = 0; at < text.size(); at += piece) marks.add(std::string_view(text).substr(at, piece));
    EXPECT_EQ(marks.count(), 4u) << "pieces of " << piece;
  }
}

TEST(MarkerCount, AnEmptyMarkerCountsNothing) {
  MarkerCount marks("");
  marks.add("text");
  EXPECT_EQ(marks.count(), 0u);
}

TEST(Template, PlacesAreFilledAndAllResultsHaveOneLength) {
  const Template t("a$I-$G-$N$x");
  EXPECT_EQ(t.fill(25, 7), "a00000025-00000002-0000000007$x");
  EXPECT_EQ(t.fill(99'999'999, 1'000'000).size(), t.fill(0, 0).size());
}

TEST(ShareOf, IsTheValueBelowWhichTheShareLies) {
  std::vector<double> values;
  for (int i = 100; i > 0; --i) values.push_back(i);
  EXPECT_EQ(share_of(values, 0.5), 50);
  EXPECT_EQ(share_of(values, 0.99), 99);
  EXPECT_EQ(share_of(values, 1), 100);
  values.clear();
  EXPECT_EQ(share_of(values, 0.5), 0);
}

}  // namespace
}  // namespace mizzen::bench
