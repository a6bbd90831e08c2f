#include "controllers/framework/by_label.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/service.h"
#include "client/testing/fake_api.h"
#include "client/testing/scripted_api.h"

namespace mizzen::controllers {
namespace {

using api::core::v1::Pod;
using api::core::v1::Service;
using client::Seen;
using Pairs = std::vector<std::pair<std::string, std::string>>;

machinery::Labels labels(const Pairs& pairs) {
  machinery::Labels out;
  for (const auto& [key, value] : pairs) out.set(key, value);
  return out;
}

class ByLabelTest : public client::testing::ClientTest {
 protected:
  ByLabelTest() {
    pods_.add_index(kByLabel, label_values);
    services_.add_index(kBySelector, [](const Seen& o) {
      return selector_values(o.namespace_(), o.as<Service>()->spec.selector);
    });
  }
  ~ByLabelTest() override {
    pods_.stop();
    services_.stop();
  }
  template <typename T>
  void add(const std::string& ns, const std::string& name, const machinery::Labels& wanted) {
    T object;
    object.metadata.namespace_ = ns;
    object.metadata.name = name;
    if constexpr (std::is_same_v<T, Pod>) object.metadata.labels = wanted;
    if constexpr (std::is_same_v<T, Service>) object.spec.selector = wanted;
    EXPECT_TRUE(client::create(fake_, std::move(object), {}).ok());
  }
  void start() {
    for (client::Informer* informer : {&pods_, &services_}) {
      informer->start();
      EXPECT_TRUE(informer->wait_synced(Deadline::after(std::chrono::seconds(5), real_clock())));
    }
  }
  std::string pods(const std::string& ns, const Pairs& pairs) const {
    std::string out;
    for (const auto& pod : pods_with(pods_, ns, labels(pairs))) out += pod->metadata.name + " ";
    return out;
  }
  std::string services(const std::string& ns, const Pairs& pairs) const {
    std::string out;
    for (const Seen& service : may_select(services_, ns, labels(pairs)))
      out += std::string(service.name()) + " ";
    return out;
  }

  client::testing::FakeApi fake_;
  client::Informer pods_{api::resource_of<Pod>(), {fake_, runtime_}};
  client::Informer services_{api::resource_of<Service>(), {fake_, runtime_}};
};

TEST_F(ByLabelTest, PodsHaveAllTheLabelsAndAreOfTheNamespace) {
  add<Pod>("a", "web-1", labels({{"app", "web"}, {"tier", "front"}}));
  add<Pod>("a", "web-2", labels({{"app", "web"}, {"tier", "back"}}));
  add<Pod>("a", "other", labels({{"tier", "back"}}));
  add<Pod>("b", "web-3", labels({{"app", "web"}}));
  start();
  EXPECT_EQ(pods("a", {{"app", "web"}}), "web-1 web-2 ");
  EXPECT_EQ(pods("a", {{"app", "web"}, {"tier", "back"}}), "web-2 ");
  EXPECT_EQ(pods("a", {{"app", "web"}, {"none", ""}}), "");
  EXPECT_EQ(pods("b", {{"app", "web"}}), "web-3 ");
  EXPECT_EQ(pods("c", {{"app", "web"}}), "");
}

TEST_F(ByLabelTest, WhatMaySelectAsksForALabelThatIsThereOrForNone) {
  add<Service>("a", "web", labels({{"app", "web"}}));
  add<Service>("a", "both", labels({{"app", "web"}, {"tier", "front"}}));
  add<Service>("a", "all", {});
  add<Service>("a", "other", labels({{"app", "other"}}));
  add<Service>("b", "web", labels({{"app", "web"}}));
  start();
  EXPECT_EQ(services("a", {{"app", "web"}}), "all both web ") << "whether both does, it has to be asked";
  EXPECT_EQ(services("a", {{"app", "other"}, {"x", "y"}}), "all other ");
  EXPECT_EQ(services("a", {}), "all ");
  EXPECT_EQ(services("b", {{"app", "web"}}), "web ");
}

}  // namespace
}  // namespace mizzen::controllers
