#include "kubelet/kubelet.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "cri/blocking.h"
#include "cri/testing/fake_runtime.h"
#include "linux/testing/scratch.h"

namespace mizzen::kubelet {
namespace {

TEST(Kubelet, DownWaitsForARuntimeThatIsJustBeginning) {
  linux::ScratchFolder scratch;
  ThreadPool pool{real_clock(), {.name = "runtime"}};
  cri::FakeRuntime runtime{real_clock(), pool};
  cri::v1::RunPodSandboxRequest run;
  run.config.ensure().metadata.ensure().name = "web";
  ASSERT_TRUE(cri::wait<&cri::Runtime::run_pod_sandbox>(runtime, run, Deadline::never()).ok());
  for (int i = 0; i < 3; ++i)
    runtime.fail_next("ListPodSandbox", Error(Code::Unknown, "server is not initialized yet"));
  const auto down = Kubelet::down(runtime, real_clock(), scratch.at("kubelet"), "/mizzen-no-such-group");
  EXPECT_TRUE(down.ok()) << down.error().message();
  EXPECT_TRUE(runtime.sandboxes().empty());
  pool.stop();
}

}  // namespace
}  // namespace mizzen::kubelet
