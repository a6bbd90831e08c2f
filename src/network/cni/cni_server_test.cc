#include "network/cni/cni_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "async/stop.h"
#include "base/file.h"
#include "linux/files/descriptor.h"
#include "linux/testing/scratch.h"
#include "network/plugin/plugin_call.h"

namespace mizzen::network {
namespace {

using ::testing::HasSubstr;

class CniServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!linux::is_root()) GTEST_SKIP() << "needs root";
    ASSERT_TRUE(server_.start().ok());
  }
  CniCall call(const std::string& id) {
    return {"ADD", id, "/n", "eth0", "", fmt::format(R"({{"cniVersion":"0.4.0","socket":"{}"}})", path_)};
  }
  linux::Fd connect() {
    linux::Fd out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(out.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return out;
  }
  static void pause() { StopToken().wait_until(Deadline::after(std::chrono::milliseconds(1), real_clock())); }

  linux::ScratchFolder scratch_;
  const std::string path_ = scratch_.at("cni.sock");
  ThreadPool pool_{real_clock(), {}};
  Timers timers_{pool_, real_clock()};
  std::atomic<int> handled_ = 0;
  std::function<void()> on_call_;
  CniServer server_{
      {real_clock(), secure_random(), pool_, timers_}, path_, [this](const CniCall& c, Deadline) {
        if (on_call_) on_call_();
        ++handled_;
        return CniAnswer{c.container_id, c.container_id == "bad" ? 1 : 0};
      }};
};

TEST_F(CniServerTest, AnswersPlugInsAndOnlyRootMayConnect) {
  const auto good = plugin_call(call("c1"));
  EXPECT_EQ(good.output, "c1");
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_EQ(plugin_call(call("bad")).exit_code, 1);
  struct stat at{};
  ASSERT_EQ(::stat(path_.c_str(), &at), 0);
  EXPECT_EQ(at.st_mode & 07777, 0600u);
}

TEST_F(CniServerTest, AnotherUserIsToldNothing) {
  // The mode keeps others out; who comes by another way (a descriptor that root opened is root's) is looked
  // at too.
  ASSERT_EQ(::chmod(path_.c_str(), 0666), 0);
  ASSERT_EQ(::chmod(scratch_.path().c_str(), 0755), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(9);
    const auto answer = plugin_call(call("c1"));
    ::_exit(answer.exit_code == 1 && answer.output.find("only root") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(handled_, 0);
}

TEST_F(CniServerTest, ACallThatIsCutShortIsNotCarriedOut) {
  const auto text = encode_call(call("c1"));
  auto socket = connect();
  ASSERT_EQ(::send(socket.get(), text.data(), text.size() - 1, 0), static_cast<ssize_t>(text.size() - 1));
  ::shutdown(socket.get(), SHUT_WR);
  char buffer[1024];
  const ssize_t n = ::recv(socket.get(), buffer, sizeof buffer, MSG_WAITALL);
  EXPECT_THAT(std::string(buffer, static_cast<size_t>(std::max<ssize_t>(n, 0))), HasSubstr("cut short"));
  EXPECT_EQ(handled_, 0);
}

TEST_F(CniServerTest, OneThatSaysNothingHoldsUpNobodyNorTheEnd) {
  auto silent = connect();
  EXPECT_EQ(plugin_call(call("c1")).output, "c1");
  server_.stop();
  char byte;
  while (::recv(silent.get(), &byte, 1, 0) > 0) {
  }
  EXPECT_EQ(handled_, 1);
}

TEST_F(CniServerTest, StopWaitsForWhatIsUnderWayAndThenNobodyAnswers) {
  std::atomic<bool> inside = false, go = false;
  on_call_ = [&] {
    inside = true;
    while (!go) pause();
  };
  CniAnswer answer;
  Thread plugin("plugin", [&] { answer = plugin_call(call("c1")); });
  while (!inside) pause();
  Thread stopping("stopping", [&] { server_.stop(); });
  while (path_exists(path_)) pause();
  EXPECT_EQ(handled_, 0);
  go = true;
  stopping.join();
  EXPECT_EQ(handled_, 1);
  plugin.join();
  EXPECT_EQ(answer.output, "c1");
  EXPECT_THAT(plugin_call(call("c2")).output, HasSubstr("\"code\":11"));
}

TEST_F(CniServerTest, ASocketThatSomebodyLeftIsReplaced) {
  CniServer second({real_clock(), secure_random(), pool_, timers_}, path_,
                   [](const CniCall&, Deadline) { return CniAnswer{"second", 0}; });
  ASSERT_TRUE(second.start().ok());
  EXPECT_EQ(plugin_call(call("c1")).output, "second");
  CniServer nowhere({real_clock(), secure_random(), pool_, timers_}, "/" + std::string(200, 'x'), {});
  EXPECT_EQ(nowhere.start().error().code(), Code::BadRequest);
}

TEST_F(CniServerTest, MoreThanItTakesAreToldToTryAgain) {
  std::vector<linux::Fd> silent;
  for (size_t i = 0; i < CniServer::kConnectionsMax; ++i) silent.push_back(connect());
  const auto refused = plugin_call(call("c1"));
  EXPECT_THAT(refused.output, HasSubstr("\"code\":11"));
  EXPECT_THAT(refused.output, HasSubstr("busy"));
  silent.clear();
  CniAnswer answer;
  do answer = plugin_call(call("c1"));
  while (answer.exit_code != 0);
  EXPECT_EQ(answer.output, "c1");
}

}  // namespace
}  // namespace mizzen::network
