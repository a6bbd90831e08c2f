#include "linux/files/folder_watch.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/file.h"
#include "linux/testing/scratch.h"

namespace mizzen::linux {
namespace {

TEST(FolderWatch, SaysThatSomethingChangedAndEndsWhenItIsStopped) {
  ScratchFolder scratch;
  auto watch = FolderWatch::open();
  ASSERT_TRUE(watch.ok());
  watch->follow(scratch.path());
  watch->follow(scratch.at("nowhere"));
  ASSERT_TRUE(write_file(scratch.at("a"), "x").ok());
  EXPECT_TRUE(watch->wait());
  std::thread stopper([&] { watch->stop(); });
  while (watch->wait()) {
  }
  stopper.join();
  EXPECT_FALSE(watch->wait());
}

}  // namespace
}  // namespace mizzen::linux
