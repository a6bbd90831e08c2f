#include <gtest/gtest.h>

#include <unistd.h>

#include "telemetry/health.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace mizzen {
namespace {

TEST(Metrics, AreExposedInPrometheusText) {
  Metrics m;
  m.counter("a_total", "As.").add(3);
  m.gauges("depth", "Back\\slash\nline.", {"queue"}).with({"x\"y\\z\n"}).set(1.5);
  Histogram& h = m.histograms("took_seconds", "Time.", {"verb"}, {0.1, 1}).with({"GET"});
  h.observe(0.05);
  h.observe(0.1);
  h.observe(0.5);
  h.observe(7);
  m.gauge_function("asked", "Asked.", [] { return 42; });
  m.counter_function("grown_total", "Grown.", [] { return 1; });
  EXPECT_EQ(m.text(),
            "# HELP a_total As.\n# TYPE a_total counter\na_total 3\n"
            "# HELP asked Asked.\n# TYPE asked gauge\nasked 42\n"
            "# HELP depth Back\\\\slash\\nline.\n# TYPE depth gauge\ndepth{queue=\"x\\\"y\\\\z\\n\"} 1.5\n"
            "# HELP grown_total Grown.\n# TYPE grown_total counter\ngrown_total 1\n"
            "# HELP took_seconds Time.\n# TYPE took_seconds histogram\n"
            "took_seconds_bucket{verb=\"GET\",le=\"0.1\"} 2\ntook_seconds_bucket{verb=\"GET\",le=\"1\"} 3\n"
            "took_seconds_bucket{verb=\"GET\",le=\"+Inf\"} 4\ntook_seconds_sum{verb=\"GET\"} 7.65\n"
            "took_seconds_count{verb=\"GET\"} 4\n");
}

TEST(Metrics, CollectorsAreAskedAtEachScrapeAndMayShareAName) {
  Metrics m;
  int asked = 0;
  m.gauge_collector("depth", "Depth.", {"queue"},
                    [&](auto& out) { out.push_back({{"a"}, static_cast<double>(++asked)}); });
  m.gauge_collector("depth", "Depth.", {"queue"}, [](auto& out) { out.push_back({{"b"}, 7}); });
  m.counter_collector("seen_total", "Seen.", {"x"}, [](auto&) {});
  EXPECT_EQ(m.text(),
            "# HELP depth Depth.\n# TYPE depth gauge\ndepth{queue=\"a\"} 1\ndepth{queue=\"b\"} 7\n"
            "# HELP seen_total Seen.\n# TYPE seen_total counter\n");
  EXPECT_NE(m.text().find("depth{queue=\"a\"} 2\n"), std::string::npos);
}

TEST(Metrics, LabelsAreBounded) {
  Metrics m;
  auto& family = m.counters("c", "h", {"a"});
  for (size_t i = 0; i < Family<Counter>::kSeriesMax + 500; ++i) family.with({std::to_string(i)}).add();
  size_t series = 0;
  uint64_t sum = 0;
  family.each([&](const auto&, const Counter& c) {
    ++series;
    sum += c.value();
  });
  EXPECT_EQ(series, Family<Counter>::kSeriesMax + 1);
  EXPECT_EQ(sum, Family<Counter>::kSeriesMax + 500);
  EXPECT_EQ(family.with({"overflow"}).value(), 500u);
  EXPECT_EQ(&m.counters("c", "h", {"a"}), &family);
}

TEST(Metrics, DescribeTheProcess) {
  Metrics m;
  register_process_metrics(m, real_clock());
  EXPECT_NE(m.text().find("# TYPE process_cpu_seconds_total counter\n"), std::string::npos);
  EXPECT_NE(m.text().find("process_resident_memory_bytes "), std::string::npos);
}

TEST(Log, ShowsTheTimeOfTheClockItWasGiven) {
  const ManualClock clock{WallTime(std::chrono::milliseconds(1'234'567'890'123))};
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  log::configure({.format = log::Format::Json, .fd = ends[1]});
  log::set_clock(clock);
  log::info("me", "hello");
  log::set_clock(real_clock());
  log::configure({});
  char line[256];
  const ssize_t n = ::read(ends[0], line, sizeof line);
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_GT(n, 0);
  EXPECT_EQ(std::string(line, static_cast<size_t>(n)),
            "{\"ts\":1234567890.123000,\"severity\":\"I\",\"logger\":\"me\",\"msg\":\"hello\"}\n");
}

TEST(Health, SpeaksAsKubeApiserver) {
  Health h;
  bool good = true;
  h.add("etcd", [&]() -> Result<void> {
    if (good) return {};
    return Error(Code::ServiceUnavailable, "no quorum");
  });
  h.add("informer-sync", [] { return Result<void>(); }, {.healthz = false, .livez = false});
  EXPECT_EQ(h.summary("healthz", false, {}).body, "ok");
  EXPECT_EQ(h.summary("livez", true, {}).body, "[+]ping ok\n[+]etcd ok\nlivez check passed\n");
  EXPECT_EQ(h.summary("readyz", true, {"etcd", "nope"}).body,
            "[+]ping ok\n[+]etcd excluded: ok\n[+]informer-sync ok\n[+]shutdown ok\n"
            "warn: some health checks cannot be excluded: no matches for \"nope\"\nreadyz check passed\n");
  good = false;
  EXPECT_EQ(h.summary("livez", false, {}).status, 500);
  EXPECT_EQ(h.summary("livez", false, {}).body,
            "[+]ping ok\n[-]etcd failed: reason withheld\nlivez check failed\n");
  EXPECT_EQ(h.single("livez", "etcd").body, "internal server error: no quorum\n");
  EXPECT_EQ(h.single("livez", "ping").body, "ok");
  EXPECT_EQ(h.single("livez", "shutdown").status, 404);
  good = true;
  h.shutting_down();
  EXPECT_EQ(h.summary("readyz", false, {}).status, 500);
  EXPECT_EQ(h.summary("healthz", false, {}).status, 200);
}

}  // namespace
}  // namespace mizzen
