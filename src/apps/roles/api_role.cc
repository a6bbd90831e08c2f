#include "apps/roles/api_role.h"

#include <fmt/format.h>

#include "api/builtin.h"
#include "apiserver/allocate/ranges/address_range.h"
#include "base/file.h"
#include "store/open/open.h"
#include "telemetry/log.h"

namespace mizzen::apps {
namespace {

/// Event loops; connections are spread over them, so that one client's long answer holds up half of the
/// others at most.
constexpr size_t kLoops = 2;

store::OpenOptions store_options(const ApiOptions& options) {
  store::OpenOptions how{.clock = real_clock()};
  how.store = options.store;
  how.folder = options.data_dir + "/store";
  how.etcd_ca_file = options.etcd_ca_file;
  how.etcd_certificate_file = options.etcd_certificate_file;
  how.etcd_key_file = options.etcd_key_file;
  return how;
}

}  // namespace

ApiRole::ApiRole(ApiOptions options)
    : options_(std::move(options)),
      loops_({.clock = real_clock(), .random = secure_random(), .threads = kLoops}),
      resources_(api::builtin()) {
  register_process_metrics(metrics_, real_clock());
}

ApiRole::~ApiRole() = default;

Result<void> ApiRole::start(const std::string& local_node, Deadline deadline) {
  const Monotonic started = real_clock().monotonic();
  if (const auto r = make_folders(options_.data_dir, 0700); !r.ok())
    return r.error().with_context("data folder");
  MZ_ASSIGN(store_, store::open_store(store_options(options_), deadline));
  apiserver::ApiServer::Options api;
  api.data_dir = options_.data_dir;
  api.address = options_.bind_address;
  api.port = options_.secure_port;
  api.external_names = options_.tls_san;
  api.core.service_cidr = options_.service_cidr;
  api.tokens = options_.tokens;
  api.local_node = local_node;
  server_ = std::make_unique<apiserver::ApiServer>(
      apiserver::ApiServer::Deps{real_clock(), secure_random(), *store_, resources_, loops_, metrics_,
                                 health_, nullptr, &work_.runtime().timers},
      api);
  MZ_TRY(server_->init());
  MZ_TRY(server_->start(deadline));
  log::info("server", "API is ready",
            {log::kv("address", fmt::format("{}:{}", options_.bind_address, server_->port())),
             log::kv("took", std::chrono::duration<double>(real_clock().monotonic() - started).count()),
             log::kv("kubeconfig", server_->kubeconfig_path())});
  return {};
}

void ApiRole::stop(Deadline deadline) {
  if (server_) server_->stop(deadline);
}

controllers::ApiAddress ApiRole::address() const {
  const auto ranges = apiserver::parse_service_ranges(options_.service_cidr);
  if (!ranges.ok()) return {};  // the server has refused to start then
  return {options_.reachable_address(), server_->port(), ranges->front().at(0)};
}

}  // namespace mizzen::apps
