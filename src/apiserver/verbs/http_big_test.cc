// Answers bigger than any buffer, peers that stop reading, and reads beside writes.
#include <fmt/format.h>

#include "api/builtin.h"
#include "api/schema/core/v1/config_map.h"
#include "apiserver/testing/running_server.h"
#include "base/file.h"
#include "base/strings.h"

namespace mizzen::apiserver::testing {
namespace {

using api::core::v1::ConfigMap;

// AddressSanitizer keeps what was freed for a while, so that what is resident says nothing.
#if defined(__SANITIZE_ADDRESS__)
constexpr size_t kResidentSlack = 1u << 30;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr size_t kResidentSlack = 1u << 30;
#else
constexpr size_t kResidentSlack = 0;
#endif
#else
constexpr size_t kResidentSlack = 0;
#endif

class HttpBig : public HttpTest {
 protected:
  static const api::ResourceInfo& resource() { return api::resource_of<ConfigMap>(); }
  /// Straight into the store: thousands of requests would take their time.
  void fill(int count, size_t bytes) {
    const std::string payload(bytes, 'x');
    Mutex m;
    CondVar changed;
    int done = 0;
    for (int i = 0; i < count; ++i) {
      machinery::MutableObject object(ConfigMap::descriptor());
      auto* c = object.as<ConfigMap>();
      c->metadata.name = fmt::format("c{:06}", i);
      c->metadata.namespace_ = ns_;
      c->metadata.labels.set("tenth", i % 10 == 0 ? "yes" : "no");
      c->data.set("k", payload);
      server_->store().submit(
          store::Txn::put(fmt::format("{}{}/{}", storage_prefix(resource()), ns_, c->metadata.name),
                          store::make_bytes(encode_stored(resource(), object))),
          Deadline::after(std::chrono::seconds(60), real_clock()), [&](Result<store::TxnResult> r) {
            EXPECT_TRUE(r.ok());
            Lock lock(m);
            ++done;
            changed.notify_all();
          });
      Lock lock(m);
      while (i - done > 200) changed.wait(m);
    }
    Lock lock(m);
    while (done < count) changed.wait(m);
  }
  static size_t resident_bytes() {
    const auto text = read_file("/proc/self/statm", 4096);
    EXPECT_TRUE(text.ok());
    const size_t space = text->find(' ');
    return static_cast<size_t>(
               parse_int<int64_t>(text->substr(space + 1, text->find(' ', space + 1) - space - 1))
                   .value_or(0)) *
           4096;
  }
};

TEST_F(HttpBig, AWatchListOfAHundredMegabytesComesWholeAndCostsLittle) {
  constexpr int kCount = 12'500;
  fill(kCount, 8'000);
  const size_t before = resident_bytes();
  http::Headers accept;
  accept.add("Accept", "application/vnd.kubernetes.protobuf;stream=watch");
  auto events =
      server_->watch(core("configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&"
                          "allowWatchBookmarks=true"),
                     accept);
  int added = 0;
  size_t most = 0;
  for (;;) {
    const auto frame = events.next_frame();
    ASSERT_TRUE(frame) << "after " << added;
    if (frame->find("k8s.io/initial-events-end") != std::string::npos) break;
    if (++added % 500 == 0) most = std::max(most, resident_bytes());
  }
  EXPECT_EQ(added, kCount);
  EXPECT_LT(most, before + (30u << 20) + kResidentSlack)
      << "flat memory: a watch list holds its place, not its events";
}

TEST_F(HttpBig, FiftyWatchListsWhosePeersReadNothingCostTheirBuffers) {
  fill(2'000, 4'000);
  const size_t before = resident_bytes();
  std::vector<EventStream> streams;
  for (int i = 0; i < 50; ++i)
    streams.push_back(
        server_->watch(core("configmaps?watch=true&sendInitialEvents=true&"
                            "resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true")));
  for (auto& s : streams) EXPECT_EQ(s.status(), 200);
  // Changes that nobody takes: one after the other, so that each would have been queued 50 times.
  for (int i = 0; i < 300; ++i)
    ASSERT_EQ(call("PUT", core("configmaps/c000000"),
                   fmt::format(R"({{"metadata":{{"name":"c000000"}},"data":{{"k":"{}"}}}})",
                               std::string(4000, 'y')))
                  .status,
              200);
  // 50 x 8 MB wait to be read; what is held are the streams' buffers on both sides of the connection.
  EXPECT_LT(resident_bytes(), before + (120u << 20) + kResidentSlack);
  int added = 0;
  while (const auto event = streams[7].next()) {
    if (at(*event, "type") == "BOOKMARK") break;
    ++added;
  }
  EXPECT_EQ(added, 2'000) << "and whoever reads at last gets all of it";
}

TEST_F(HttpBig, PagesOfALongListCostWhatTheyShow) {
  fill(5'000, 100);
  size_t seen = 0, pages = 0;
  std::string token;
  do {
    const Answer page = call("GET", core("configmaps?limit=500&continue=" + token));
    ASSERT_EQ(page.status, 200) << page.body;
    seen += page.count("items");
    token = page.at("metadata.continue");
    const std::string left = page.at("metadata.remainingItemCount");
    EXPECT_EQ(left, token.empty() ? "" : std::to_string(5'000 - seen));
    // A write between pages: the rest comes from the store's history, as of the first page.
    if (++pages == 3) create_config("between");
  } while (!token.empty());
  EXPECT_EQ(seen, 5'000u);
  EXPECT_EQ(pages, 10u);
}

TEST_F(HttpBig, LongListsAreTheSameInEveryForm) {
  fill(1'000, 1'000);
  const Answer json = call("GET", core("configmaps"));
  EXPECT_EQ(json.count("items"), 1'000u);
  EXPECT_EQ(json.at("kind"), "ConfigMapList");
  EXPECT_EQ(json.at("items.999.metadata.name"), "c000999");
  EXPECT_EQ(call("GET", core("configmaps?labelSelector=tenth%3Dyes")).count("items"), 100u);
  http::Headers table;
  table.add("Accept", "application/json;as=Table;g=meta.k8s.io;v=v1");
  EXPECT_EQ(call("GET", core("configmaps"), "", table).count("rows"), 1'000u);
  http::Headers partial;
  partial.add("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
  const Answer metadata = call("GET", core("configmaps"), "", partial);
  EXPECT_EQ(metadata.count("items"), 1'000u);
  EXPECT_EQ(metadata.at("items.5.data.k"), "");
  http::Headers proto;
  proto.add("Accept", "application/vnd.kubernetes.protobuf");
  const Answer bytes = call("GET", core("configmaps"), "", proto);
  EXPECT_EQ(bytes.status, 200);
  EXPECT_GT(bytes.body.size(), 1'000'000u);
  EXPECT_EQ(bytes.body.substr(0, 4), std::string("k8s\0", 4));
  // Who asks for indented JSON and takes protobuf gets protobuf, which has no indentation.
  proto.add("User-Agent", "curl/7.88.1");
  EXPECT_EQ(call("GET", core("configmaps"), "", proto).body.size(), bytes.body.size());
  EXPECT_EQ(call("GET", core("configmaps?limit=2"), "", proto).body.substr(0, 4), std::string("k8s\0", 4));
  http::Headers gzip;
  gzip.add("Accept-Encoding", "gzip");
  const Answer packed = call("GET", core("configmaps"), "", gzip);
  EXPECT_EQ(packed.headers.get("Content-Encoding"), "gzip");
  EXPECT_LT(packed.body.size(), json.body.size() / 5);
}

}  // namespace
}  // namespace mizzen::apiserver::testing
