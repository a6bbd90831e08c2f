#include "apiserver/cache/roster.h"

#include "apiserver/testing/cache_fixture.h"

namespace mizzen::apiserver::testing {
namespace {

using namespace std::chrono_literals;

class RosterTest : public CacheTest {};

TEST_F(RosterTest, EachWatcherHearsOfItsOwn) {
  start<Pod>();
  const auto first = put_pod("n/a", "");
  auto all = std::make_shared<Watcher>(), space = std::make_shared<Watcher>(),
       node = std::make_shared<Watcher>(), one = std::make_shared<Watcher>();
  watch(all, first);
  watch(space, first, select("m", ""));
  watch(node, first, select("", "spec.nodeName=x"));
  Filter name = select("n", "metadata.name=a");
  watch(one, first, name);
  const auto bound = put_pod("n/a", "x"), other = put_pod("m/b", "y"), moved = put_pod("n/a", "z"),
             last = remove("n/a");
  EXPECT_EQ(all->wait(4), (std::vector<std::string>{
                              fmt::format("MODIFIED n/a={}", bound), fmt::format("ADDED m/b={}", other),
                              fmt::format("MODIFIED n/a={}", moved), fmt::format("DELETED n/a={}", last)}));
  EXPECT_EQ(one->wait(3), (std::vector<std::string>{fmt::format("MODIFIED n/a={}", bound),
                                                    fmt::format("MODIFIED n/a={}", moved),
                                                    fmt::format("DELETED n/a={}", last)}));
  EXPECT_EQ(node->wait(2), (std::vector<std::string>{fmt::format("ADDED n/a={}", bound),
                                                     fmt::format("DELETED n/a={}", moved)}));
  EXPECT_EQ(space->wait(1), (std::vector<std::string>{fmt::format("ADDED m/b={}", other)}));
}

TEST_F(RosterTest, BookmarksSayWhatHasBeenTold) {
  start();
  const auto first = put("n/a");
  auto w = std::make_shared<Watcher>();
  watch(w, first, {}, true);
  const auto other = commit(store::Txn::put("/registry/other/x", store::make_bytes("x")));
  ASSERT_TRUE(cache_->wait_for(other, Deadline::after(5s)).ok());
  cache_->send_bookmarks();
  EXPECT_EQ(w->wait(1), std::vector<std::string>{fmt::format("BOOKMARK={}", other)});
}

}  // namespace
}  // namespace mizzen::apiserver::testing
