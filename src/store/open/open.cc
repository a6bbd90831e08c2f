#include "store/open/open.h"

#include "base/strings.h"
#include "store/embedded/embedded_store.h"
#include "store/etcd/etcd_store.h"
#include "store/memory/memory_store.h"

namespace mizzen::store {
namespace {

constexpr std::string_view kEtcdScheme = "etcd://";

template <typename T>
Result<std::unique_ptr<Store>> as_store(Result<std::unique_ptr<T>> opened) {
  if (!opened.ok()) return opened.error();
  return std::unique_ptr<Store>(std::move(*opened));
}

Error malformed(const std::string& store) {
  return {Code::Invalid, "--store " + quote(store) + ": give embedded, memory or etcd://host:port"};
}

Result<std::unique_ptr<Store>> open_etcd(const OpenOptions& options, Deadline deadline) {
  std::string address = options.store.substr(kEtcdScheme.size());
  if (address.ends_with('/')) address.pop_back();
  const size_t colon = address.rfind(':');
  if (colon == 0 || colon == std::string::npos || address.find('/') != std::string::npos ||
      !parse_int<uint16_t>(std::string_view(address).substr(colon + 1))) {
    return malformed(options.store);
  }
  EtcdStore::Options etcd{.clock = options.clock};
  etcd.address = std::move(address);
  etcd.ca_file = options.etcd_ca_file;
  etcd.certificate_file = options.etcd_certificate_file;
  etcd.key_file = options.etcd_key_file;
  return as_store(EtcdStore::open(std::move(etcd), deadline));
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const OpenOptions& options, Deadline deadline) {
  if (options.store.starts_with(kEtcdScheme)) return open_etcd(options, deadline);
  if (options.store == "memory")
    return std::unique_ptr<Store>(
        std::make_unique<MemoryStore>(MemoryStore::Options{.clock = options.clock, .own_maintenance = true}));
  if (!options.store.empty() && options.store != "embedded") return malformed(options.store);
  EmbeddedStore::Options embedded{.clock = options.clock};
  embedded.path = options.folder;
  return as_store(EmbeddedStore::open(std::move(embedded)));
}

}  // namespace mizzen::store
