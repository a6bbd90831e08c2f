#include "store/open/open.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "store/testing/calls.h"

namespace mizzen::store {
namespace {

Deadline shortly() { return Deadline::after(std::chrono::milliseconds(200), real_clock()); }

TEST(OpenStore, OpensByName) {
  char folder[] = "/tmp/mizzen-store-XXXXXX";
  ASSERT_TRUE(::mkdtemp(folder));
  for (const char* name : {"", "embedded", "memory"}) {
    auto store = open_store({.clock = real_clock(), .store = name, .folder = folder}, shortly());
    ASSERT_TRUE(store.ok()) << store.error().message();
    calls::put(**store, "a", name);
    EXPECT_EQ(calls::value(**store, "a"), name);
  }
  std::filesystem::remove_all(folder);
}

TEST(OpenStore, RefusesWhatItDoesNotKnow) {
  for (const char* name :
       {"sqlite", "etcd://", "etcd://host", "etcd://:2379", "etcd://host:port", "etcd://a:1/b"}) {
    auto refused = open_store({.clock = real_clock(), .store = name}, shortly());
    ASSERT_FALSE(refused.ok()) << name;
    EXPECT_NE(refused.error().message().find("etcd://host:port"), std::string::npos)
        << refused.error().message();
  }
  auto absent = open_store({.clock = real_clock(), .store = "etcd://127.0.0.1:1"}, shortly());
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().code(), Code::Timeout);
  auto no_file = open_store({.clock = real_clock(), .store = "etcd://127.0.0.1:1", .etcd_ca_file = "/absent"},
                            shortly());
  ASSERT_FALSE(no_file.ok());
  EXPECT_EQ(no_file.error().code(), Code::NotFound);
}

}  // namespace
}  // namespace mizzen::store
