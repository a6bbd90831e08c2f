#include "controllers/framework/environment.h"

#include "apiserver/testing/test_resource.h"
#include "client/testing/scripted_api.h"

namespace mizzen::controllers {
namespace {

using client::testing::soon;

class EnvironmentTest : public client::testing::ClientTest {
 protected:
  EnvironmentTest() : environment_({api_, resources_, runtime_}) {
    environment_.each_resource(
        {[this](const api::ResourceInfo& r, client::Informer&) { said_ += "+" + r.plural + " "; },
         [this](const api::ResourceInfo& r) { said_ += "-" + r.plural + " "; }});
  }
  ~EnvironmentTest() override { environment_.stop(); }
  api::ResourcePtr add(const std::string& singular, const std::string& kind) {
    auto added = resources_.add(apiserver::testing::test_resource(singular, kind));
    EXPECT_TRUE(added.ok());
    return *added;
  }
  api::ResourceCatalog resources_{std::make_shared<const api::Registry>()};
  Environment environment_;
  std::string said_;
};

TEST(ControllerOptions, NamesAreUpstreams) {
  EXPECT_EQ(controllers_fault({"*", "-garbage-collector-controller", "deployment-controller"}), "");
  EXPECT_EQ(controllers_fault({"*", "-nothing"}), "\"nothing\" is not in the list of known controllers");
}

TEST_F(EnvironmentTest, InformersComeAndGoWithTheirResources) {
  EXPECT_TRUE(environment_.start(Deadline::after(std::chrono::seconds(5), real_clock())));
  const auto widgets = add("widget", "Widget");
  EXPECT_EQ(said_, "+widgets ");
  EXPECT_TRUE(soon([&] { return api_.watches() == 1; }));
  const auto gadgets = add("gadget", "Gadget");
  EXPECT_TRUE(soon([&] { return api_.watches() == 2; }));
  EXPECT_TRUE(resources_.remove(*widgets).ok());
  EXPECT_EQ(said_, "+widgets +gadgets -widgets ");
  (void)add("widget", "Widget");
  EXPECT_TRUE(soon([&] { return api_.watches() == 3; }));
  environment_.stop();
  (void)add("thing", "Thing");
  EXPECT_EQ(said_, "+widgets +gadgets -widgets +widgets ") << "nobody follows any more";
}

TEST_F(EnvironmentTest, AnInformerThatWasAskedForOutlivesItsResource) {
  const auto widgets = add("widget", "Widget");
  client::Informer& informer = environment_.informer(*widgets);
  EXPECT_FALSE(environment_.start(Deadline::after(std::chrono::milliseconds(10), real_clock())))
      << "nothing was listed";
  EXPECT_TRUE(resources_.remove(*widgets).ok());
  EXPECT_EQ(informer.size(), 0u);
}

}  // namespace
}  // namespace mizzen::controllers
