#include "sim/check/log.h"

#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service.h"
#include "apiserver/entry/stored.h"
#include "store/memory/memory_store.h"

namespace mizzen::sim {
namespace {

struct Log : testing::Test {
  Log() { log.follow(store); }
  ~Log() override { log.stop(); }
  template <typename T>
  void put(const std::string& key, const T& object) {
    const auto bytes = apiserver::encode_stored(api::resource_of<T>(),
                                                machinery::MutableObject(machinery::Object::of(object)));
    ASSERT_TRUE(store.txn(store::Txn::put(key, store::make_bytes(bytes)), Deadline::never()).ok());
  }
  void put_service(const char* name, const char* address, int32_t node_port) {
    api::core::v1::Service service;
    service.metadata.name = name;
    service.spec.clusterIPs = {address};
    auto& port = service.spec.ports.emplace_back();
    port.port = 80;
    port.protocol = "TCP";
    port.nodePort = node_port;
    put(std::string("/registry/services/specs/default/") + name, service);
  }
  void put_pod(const char* name, const char* address, const char* phase) {
    api::core::v1::Pod pod;
    pod.metadata.name = pod.metadata.uid = name;
    pod.status.podIP = address;
    pod.status.phase = phase;
    put(std::string("/registry/pods/default/") + name, pod);
  }

  const ManualClock clock;
  store::MemoryStore store{store::MemoryStore::Options{.clock = clock}};
  StoreLog log;
};

TEST_F(Log, NoTwoServicesHaveOneAddressOrPort) {
  put_service("a", "10.96.0.5", 30001);
  put_service("a", "10.96.0.5", 30002);
  put_service("b", "10.96.0.6", 30001);
  EXPECT_EQ(log.fault(), "") << "given back, given out again";
  put_service("c", "10.96.0.7", 30001);
  EXPECT_NE(log.fault().find("node port 30001 TCP"), std::string::npos) << log.fault();
}

TEST_F(Log, AnAddressIsFreeOnceItsServiceIsGone) {
  put_service("a", "10.96.0.5", 0);
  ASSERT_TRUE(store.txn(store::Txn::del("/registry/services/specs/default/a"), Deadline::never()).ok());
  put_service("b", "10.96.0.5", 0);
  EXPECT_EQ(log.fault(), "");
  put_service("c", "10.96.0.5", 0);
  EXPECT_NE(log.fault().find("address 10.96.0.5"), std::string::npos) << log.fault();
}

TEST_F(Log, NoTwoPodsThatLiveHaveOneAddress) {
  put_pod("a", "10.200.0.2", "Running");
  put_pod("a", "10.200.0.2", "Succeeded");
  put_pod("b", "10.200.0.2", "Running");
  EXPECT_EQ(log.fault(), "");
  put_pod("c", "10.200.0.2", "Running");
  EXPECT_NE(log.fault().find("pod address 10.200.0.2"), std::string::npos) << log.fault();
}

TEST_F(Log, AStoreThatOpensBeforeWhatItToldIsAFault) {
  put_service("a", "10.96.0.5", 0);
  log.stop();
  store::MemoryStore empty{store::MemoryStore::Options{.clock = clock}};
  log.follow(empty);
  EXPECT_NE(log.fault(), "");
  log.stop();
}

}  // namespace
}  // namespace mizzen::sim
