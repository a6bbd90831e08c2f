// Makes pods by the three calls of the CRI that none can do without, and by nobody's agent: how long a burst
// takes the runtime itself. bare_burst ENDPOINT IMAGE COUNT AT_ONCE CGROUP LOGS: prints the seconds until the
// last container runs, then takes all away again.
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "async/thread.h"
#include "base/clock.h"
#include "cri/blocking.h"
#include "cri/client.h"

namespace {

using namespace mizzen;
namespace rt = cri::v1;

constexpr auto kLimit = std::chrono::minutes(2);

struct Asked {
  std::string endpoint, image, cgroup, logs;
  int count = 0, at_once = 1;
};

Result<std::string> make_pod(cri::Runtime& runtime, const Asked& asked, int number) {
  const auto soon = Deadline::after(kLimit, real_clock());
  const std::string name = "bare-" + std::to_string(number);
  rt::RunPodSandboxRequest run;
  auto& config = run.config.ensure();
  config.metadata.ensure().name = name;
  config.metadata->namespace_ = "default";
  config.metadata->uid = name;
  config.log_directory = asked.logs + "/" + name;
  config.linux.ensure().cgroup_parent = asked.cgroup + "/" + name;
  config.linux->security_context.ensure().namespace_options.ensure().pid = rt::NamespaceMode::CONTAINER;
  MZ_ASSIGN(const auto sandbox, cri::wait<&cri::Runtime::run_pod_sandbox>(runtime, run, soon));
  rt::CreateContainerRequest create;
  create.pod_sandbox_id = sandbox.pod_sandbox_id;
  create.sandbox_config = run.config;
  create.config.ensure().metadata.ensure().name = "c";
  create.config->image.ensure().image = asked.image;
  create.config->log_path = "c.log";
  create.config->linux.ensure().security_context.ensure().namespace_options.ensure().pid =
      rt::NamespaceMode::CONTAINER;
  MZ_ASSIGN(const auto made, cri::wait<&cri::Runtime::create_container>(runtime, create, soon));
  rt::StartContainerRequest start;
  start.container_id = made.container_id;
  MZ_TRY(cri::wait<&cri::Runtime::start_container>(runtime, start, soon));
  return sandbox.pod_sandbox_id;
}

Result<void> remove_pod(cri::Runtime& runtime, const std::string& id) {
  const auto soon = Deadline::after(kLimit, real_clock());
  rt::StopPodSandboxRequest stop;
  stop.pod_sandbox_id = id;
  MZ_TRY(cri::wait<&cri::Runtime::stop_pod_sandbox>(runtime, stop, soon));
  rt::RemovePodSandboxRequest remove;
  remove.pod_sandbox_id = id;
  MZ_TRY(cri::wait<&cri::Runtime::remove_pod_sandbox>(runtime, remove, soon));
  return {};
}

/// Each of `at_once` threads takes the next number until all are done.
template <typename F>
bool for_each(const Asked& asked, F f) {
  std::atomic<int> next = 0;
  std::atomic<bool> good = true;
  std::vector<Thread> threads;
  for (int t = 0; t < asked.at_once; ++t)
    threads.emplace_back("burst", [&] {
      for (int n = next++; n < asked.count; n = next++)
        if (const auto r = f(n); !r.ok()) {
          fmt::print(stderr, "bare_burst: {}\n", r.error().message());
          good = false;
        }
    });
  for (Thread& t : threads) t.join();
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    fmt::print(stderr, "usage: bare_burst ENDPOINT IMAGE COUNT AT_ONCE CGROUP LOGS\n");
    return 2;
  }
  const Asked asked{argv[1], argv[2], argv[5], argv[6], std::atoi(argv[3]), std::atoi(argv[4])};
  auto opened = cri::Client::open(asked.endpoint);
  if (!opened.ok()) {
    fmt::print(stderr, "bare_burst: {}\n", opened.error().message());
    return 1;
  }
  std::vector<std::string> ids(static_cast<size_t>(asked.count));
  const auto began = real_clock().monotonic();
  bool good = for_each(asked, [&](int n) -> Result<void> {
    MZ_ASSIGN(ids[static_cast<size_t>(n)], make_pod(**opened, asked, n));
    return {};
  });
  const std::chrono::duration<double> took = real_clock().monotonic() - began;
  good = for_each(asked,
                  [&](int n) -> Result<void> {
                    const std::string& id = ids[static_cast<size_t>(n)];
                    return id.empty() ? Result<void>() : remove_pod(**opened, id);
                  }) &&
         good;
  fmt::print("{:.4f}\n", took.count());
  return good ? 0 : 1;
}
