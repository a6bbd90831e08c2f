#include "apiserver/allocate/services/service_allocator.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "apiserver/allocate/services/repair.h"
#include "async/executor.h"
#include "store/memory/memory_store.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Service;
using machinery::MutableObject;
using machinery::Object;

Deadline soon() { return Deadline::after(std::chrono::seconds(5), real_clock()); }

/// One server's allocators on a store that others may share.
struct Server {
  explicit Server(store::Store& s, const std::string& cidrs = "10.96.0.0/16")
      : store(s),
        table({s, real_clock(), [] {}}),
        allocator({table, secure_random()}, *parse_service_ranges(cidrs)) {
    const auto r = table.start(soon());
    EXPECT_TRUE(r.ok());
  }
  /// Allocates and commits, as a resource's write does: again while claims are lost.
  std::string create(Service& service) {
    for (int tries = 0; tries < 64; ++tries) {
      MutableObject object(Service::descriptor());
      *object.as<Service>() = service;
      const auto claims = allocator.allocate(object, {});
      if (!claims.ok()) return claims.error().message();
      if (commit(*claims)) {
        service = *object.as<Service>();
        return "";
      }
      allocator.lost(claims->take);
    }
    return "gave up";
  }
  std::string update(const Service& old, Service& service) {
    MutableObject object(Service::descriptor());
    *object.as<Service>() = service;
    const auto claims = allocator.allocate(object, Object::of(Service(old)));
    if (!claims.ok()) return claims.error().message();
    if (!commit(*claims)) return "lost";
    service = *object.as<Service>();
    return "";
  }
  void remove(const Service& service) {
    EXPECT_TRUE(commit(allocator.release(Object::of(Service(service)))));
  }
  bool commit(const Claims& claims) {
    store::Txn txn;
    for (const std::string& key : claims.take) {
      txn.compares.push_back(store::Compare::absent(key));
      txn.success.push_back(store::Op::put(key, store::make_bytes(claims.owner)));
    }
    for (const std::string& key : claims.release) txn.success.push_back(store::Op::del(key));
    const auto done = store.txn(std::move(txn), soon());
    return done.ok() && done->succeeded;
  }

  store::Store& store;
  AllocationTable table;
  ServiceAllocator allocator;
};

Service service(const std::string& name, const std::string& type = "ClusterIP") {
  Service out;
  out.metadata.name = name;
  out.metadata.namespace_ = "default";
  out.spec.type = type;
  auto& p = out.spec.ports.emplace_back();
  p.port = 80;
  p.protocol = "TCP";
  return out;
}

TEST(AddressRange, ReadsRangesAndNumbersTheirHosts) {
  struct Case {
    const char* cidr;
    const char* text;  ///< empty: refused
    uint64_t size;
    const char* first;
    const char* last;
  };
  const Case cases[] = {
      {"10.96.0.0/12", "10.96.0.0/12", (1u << 20) - 2, "10.96.0.1", "10.111.255.254"},
      {"10.96.1.2/16", "10.96.0.0/16", 65534, "10.96.0.1", "10.96.255.254"},
      {"192.168.1.0/30", "192.168.1.0/30", 2, "192.168.1.1", "192.168.1.2"},
      {"fd00::/108", "fd00::/108", (1u << 20) - 1, "fd00::1", "fd00::f:ffff"},
      {"fd00:1::/112", "fd00:1::/112", 65535, "fd00:1::1", "fd00:1::ffff"},
      {"10.0.0.0/7", "", 0, "", ""},
      {"10.0.0.0/31", "", 0, "", ""},
      {"fd00::/63", "", 0, "", ""},
      {"10.0.0.0", "", 0, "", ""},
      {"10.0.0/16", "", 0, "", ""},
  };
  for (const Case& c : cases) {
    const auto range = AddressRange::parse(c.cidr);
    ASSERT_EQ(range.ok(), c.text[0] != 0) << c.cidr;
    if (!range.ok()) continue;
    EXPECT_EQ(range->str(), c.text);
    EXPECT_EQ(range->size(), c.size) << c.cidr;
    EXPECT_EQ(range->at(0), c.first);
    EXPECT_EQ(range->at(range->size() - 1), c.last);
    EXPECT_EQ(range->index_of(*IpAddress::parse(c.last)), range->size() - 1) << c.cidr;
  }
  const auto range = AddressRange::parse("10.96.0.0/16");
  for (const char* outside :
       {"10.96.0.0", "10.96.255.255", "10.97.0.1", "10.95.255.255", "::ffff", "0.0.0.1"})
    EXPECT_FALSE(range->index_of(*IpAddress::parse(outside))) << outside;
  EXPECT_FALSE(parse_service_ranges("10.0.0.0/16,10.1.0.0/16").ok()) << "two of one family";
  EXPECT_EQ(parse_service_ranges("10.0.0.0/16, fd00::/108")->size(), 2u);
}

TEST(AddressRange, BandsAreUpstreams) {
  struct Case {
    uint64_t size, lower;
  };
  for (const Case& c : {Case{254, 16}, Case{65534, 256}, Case{1022, 63}, Case{16, 16}}) {
    const auto got = bands(c.size, 16, 256, 16);
    EXPECT_EQ(got.back().from, 0u);
    EXPECT_EQ(got.back().size, c.lower) << c.size;
    if (got.size() == 2) EXPECT_EQ(got[0].from, c.lower);
  }
  EXPECT_EQ(bands(2768, 16, 128, 32).back().size, 86u) << "of node ports";
}

TEST(ServiceAllocator, GivesAddressesAndPortsFromTheUpperBands) {
  store::MemoryStore store{{.clock = real_clock()}};
  Server server(store);
  const auto range = *AddressRange::parse("10.96.0.0/16");
  for (int i = 0; i < 200; ++i) {
    Service s = service(fmt::format("s{}", i), "NodePort");
    ASSERT_EQ(server.create(s), "");
    EXPECT_GE(*range.index_of(*IpAddress::parse(s.spec.clusterIP)), 256u);
    EXPECT_EQ(s.spec.clusterIPs, (std::vector<std::string>{s.spec.clusterIP}));
    EXPECT_GE(s.spec.ports[0].nodePort, 30086);
    EXPECT_LE(s.spec.ports[0].nodePort, kNodePortLast);
  }
  EXPECT_EQ(server.table.size(), 400u);
}

TEST(ServiceAllocator, WhatIsAskedForIsGivenOrRefusedInUpstreamsWords) {
  store::MemoryStore store{{.clock = real_clock()}};
  Server server(store);
  Service first = service("first", "NodePort");
  first.spec.ports[0].nodePort = 30007;
  first.spec.clusterIP = "10.96.44.44";
  first.spec.clusterIPs = {"10.96.44.44"};
  ASSERT_EQ(server.create(first), "");
  struct Case {
    std::function<void(Service&)> change;
    const char* refusal;
  };
  const auto ip = [](const char* address) {
    return [address](Service& s) { s.spec.clusterIP = address, s.spec.clusterIPs = {address}; };
  };
  const auto health = [](int32_t port) {
    return [port](Service& s) {
      s.spec.type = "LoadBalancer";
      s.spec.externalTrafficPolicy = "Local";
      s.spec.healthCheckNodePort = port;
    };
  };
  const Case cases[] = {
      {[](Service& s) { s.spec.ports[0].nodePort = 30007; },
       "Service \"x\" is invalid: spec.ports[0].nodePort: Invalid value: 30007: provided port is already "
       "allocated"},
      {[](Service& s) { s.spec.ports[0].nodePort = 29999; },
       "Service \"x\" is invalid: spec.ports[0].nodePort: Invalid value: 29999: provided port is not in the "
       "valid range. The range of valid ports is 30000-32767"},
      {health(30007),
       "Internal error occurred: failed to allocate requested HealthCheck NodePort 30007: provided port is "
       "already allocated"},
      {health(29000),
       "Internal error occurred: failed to allocate requested HealthCheck NodePort 29000: provided port is "
       "not "
       "in the valid range. The range of valid ports is 30000-32767"},
      {ip("10.96.44.44"),
       "Service \"x\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.44.44\"]: failed to allocate IP "
       "10.96.44.44: provided IP is already allocated"},
      {ip("10.96.255.255"),
       "Service \"x\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.255.255\"]: failed to allocate IP "
       "10.96.255.255: the provided network does not match the current range"},
      {[](Service& s) { s.spec.ipFamilyPolicy = "RequireDualStack"; },
       "Service \"x\" is invalid: spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is "
       "not "
       "configured for dual-stack services"},
      {[](Service& s) { s.spec.ipFamilies = {"IPv4", "IPv6"}; },
       "Service \"x\" is invalid: spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be "
       "'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"},
  };
  for (const Case& c : cases) {
    Service s = service("x", "NodePort");
    c.change(s);
    EXPECT_EQ(server.create(s), c.refusal);
  }
  server.remove(first);
  Service again = service("again", "NodePort");
  again.spec.ports[0].nodePort = 30007;
  again.spec.clusterIP = "10.96.44.44";
  again.spec.clusterIPs = {"10.96.44.44"};
  EXPECT_EQ(server.create(again), "") << "free again at once";
}

TEST(ServiceAllocator, PortsFollowTypeAndPolicy) {
  store::MemoryStore store{{.clock = real_clock()}};
  Server server(store);
  Service both = service("both", "NodePort");
  both.spec.ports.push_back(both.spec.ports[0]);
  both.spec.ports[1].protocol = "UDP";
  ASSERT_EQ(server.create(both), "");
  EXPECT_EQ(both.spec.ports[0].nodePort, both.spec.ports[1].nodePort) << "one number for both protocols";

  Service balanced = service("balanced", "LoadBalancer");
  balanced.spec.allocateLoadBalancerNodePorts = false;
  ASSERT_EQ(server.create(balanced), "");
  EXPECT_EQ(balanced.spec.ports[0].nodePort, 0);

  Service local = service("local", "LoadBalancer");
  local.spec.externalTrafficPolicy = "Local";
  ASSERT_EQ(server.create(local), "");
  EXPECT_GE(local.spec.healthCheckNodePort, kNodePortFirst);
  EXPECT_NE(local.spec.healthCheckNodePort, local.spec.ports[0].nodePort);

  const size_t before = server.table.size();
  Service inside = local;
  inside.spec.type = "ClusterIP";
  inside.spec.ports[0].nodePort = inside.spec.healthCheckNodePort = 0;
  inside.spec.externalTrafficPolicy.clear();
  ASSERT_EQ(server.update(local, inside), "");
  EXPECT_EQ(server.table.size(), before - 2) << "a change of type gives both ports back";
  Service outside = inside;
  outside.spec.type = "ExternalName";
  outside.spec.clusterIP.clear();
  outside.spec.clusterIPs.clear();
  ASSERT_EQ(server.update(inside, outside), "");
  EXPECT_EQ(server.table.size(), before - 3) << "and so does the address go";
}

TEST(ServiceAllocator, TwoFamiliesWhereTheClusterHasThem) {
  store::MemoryStore store{{.clock = real_clock()}};
  Server server(store, "10.96.0.0/16,fd00::/108");
  Service single = service("single"), prefers = service("prefers"), second = service("second");
  prefers.spec.ipFamilyPolicy = "PreferDualStack";
  second.spec.ipFamilies = {"IPv6"};
  ASSERT_EQ(server.create(single), "");
  ASSERT_EQ(server.create(prefers), "");
  ASSERT_EQ(server.create(second), "");
  EXPECT_EQ(single.spec.ipFamilies, (std::vector<std::string>{"IPv4"}));
  EXPECT_EQ(prefers.spec.ipFamilies, (std::vector<std::string>{"IPv4", "IPv6"}));
  ASSERT_EQ(prefers.spec.clusterIPs.size(), 2u);
  EXPECT_TRUE(prefers.spec.clusterIPs[1].starts_with("fd00::"));
  EXPECT_TRUE(second.spec.clusterIP.starts_with("fd00::"));

  Service down = prefers;
  down.spec.ipFamilyPolicy = "SingleStack";
  const size_t before = server.table.size();
  ASSERT_EQ(server.update(prefers, down), "");
  EXPECT_EQ(down.spec.clusterIPs.size(), 1u);
  EXPECT_EQ(server.table.size(), before - 1);
  Service up = down;
  up.spec.ipFamilyPolicy = "RequireDualStack";
  ASSERT_EQ(server.update(down, up), "");
  EXPECT_EQ(up.spec.clusterIPs.size(), 2u);
  Service headless = service("headless");
  headless.spec.clusterIP = "None";
  headless.spec.clusterIPs = {"None"};
  ASSERT_EQ(server.create(headless), "");
  EXPECT_EQ(headless.spec.ipFamilyPolicy, "RequireDualStack") << "without a selector any family will do";
}

TEST(ServiceAllocator, SeveralServersOnOneStoreNeverGiveTheSameTwice) {
  store::MemoryStore store{{.clock = real_clock()}};
  constexpr int kServers = 4, kEach = 15;  // 62 addresses of the range, of which one is not given out
  std::vector<std::unique_ptr<Server>> servers;
  for (int i = 0; i < kServers; ++i) servers.push_back(std::make_unique<Server>(store, "10.0.0.0/26"));
  Mutex m;
  std::set<std::string> addresses;
  std::set<int32_t> ports;
  int failed = 0;
  {
    ThreadPool pool(real_clock(), {"racing", kServers});
    for (int i = 0; i < kServers; ++i)
      EXPECT_TRUE(pool.post([&, i] {
        for (int n = 0; n < kEach; ++n) {
          Service s = service(fmt::format("s{}-{}", i, n), "NodePort");
          const std::string why = servers[static_cast<size_t>(i)]->create(s);
          Lock lock(m);
          failed += !why.empty();
          addresses.insert(s.spec.clusterIP);
          ports.insert(s.spec.ports[0].nodePort);
        }
      }));
    pool.stop();
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(addresses.size(), static_cast<size_t>(kServers * kEach));
  EXPECT_EQ(ports.size(), static_cast<size_t>(kServers * kEach));
  Service last = service("last"), beyond = service("beyond");
  EXPECT_EQ(servers[0]->create(last), "");
  EXPECT_EQ(servers[1]->create(beyond),
            "Internal error occurred: failed to allocate a serviceIP for Service \"beyond\": range is full");
}

TEST(ServiceAllocator, RepairTakesWhatServicesHaveAndReleasesWhatNobodyHas) {
  store::MemoryStore store{{.clock = real_clock()}};
  const std::string prefix = "/registry/services/specs/";
  Service known = service("known"), doubled = service("doubled");
  known.spec.clusterIP = "10.96.1.1";
  doubled.spec.clusterIP = "10.96.1.1";
  std::vector<StoredService> stored;
  for (const Service& s : {known, doubled}) {
    const auto done =
        store.txn(store::Txn::put(prefix + "default/" + s.metadata.name, store::make_bytes("x")), soon());
    ASSERT_TRUE(done.ok());
    stored.push_back({Object::of(Service(s)), done->revision});
  }
  ASSERT_TRUE(store.txn(store::Txn::put(port_key(30001), store::make_bytes("default/gone")), soon()).ok());
  Server server(store);
  const auto repaired = repair_services(store, prefix, server.table, stored, soon());
  ASSERT_TRUE(repaired.ok()) << repaired.error().message();
  EXPECT_EQ(repaired->taken, 1u);
  EXPECT_EQ(repaired->released, 1u);
  EXPECT_EQ(repaired->doubled, 1u);
  EXPECT_TRUE(server.table.taken(address_key("10.96.1.1")));
  EXPECT_FALSE(server.table.taken(port_key(30001)));
  server.remove(doubled);
  EXPECT_TRUE(server.table.taken(address_key("10.96.1.1"))) << "it was never the second one's to give back";
  const auto again = repair_services(store, prefix, server.table, {stored[0]}, soon());
  EXPECT_EQ(again->taken + again->released + again->doubled, 0u);
}

}  // namespace
}  // namespace mizzen::apiserver
