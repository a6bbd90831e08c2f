#include "api/registry/catalog.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/config_map.h"

namespace mizzen::api {
namespace {

ResourceInfo resource(const std::string& plural, const std::string& kind,
                      const std::string& group = "g.dev") {
  const auto lasting = [](const codec::Message& m) {
    return std::shared_ptr<const codec::Message>(std::shared_ptr<void>(), &m);
  };
  ResourceInfo out;
  out.plural = plural;
  out.kind = kind;
  ServedVersion version;
  version.group = group;
  version.version = "v1";
  version.message = lasting(core::v1::ConfigMap::descriptor());
  version.list = lasting(core::v1::ConfigMapList::descriptor());
  out.versions = {std::move(version)};
  out.strategy = std::make_shared<const Strategy>();
  out.storage_path = group + "/" + plural;
  return out;
}

std::string names(const Registry& registry) {
  std::string out;
  for (const ResourceInfo& r : registry.resources()) out += r.plural + " ";
  return out;
}

TEST(Registry, FindsByWhatRequestsAndObjectsName) {
  const auto made = Registry::make({resource("as", "A"), resource("bs", "B"), resource("as", "A", "h.dev")});
  ASSERT_TRUE(made.ok()) << made.error().message();
  const Registry& r = **made;
  const ServedVersion* version = nullptr;
  EXPECT_EQ(r.find("g.dev", "v1", "bs", &version)->kind, "B");
  EXPECT_EQ(version->group, "g.dev");
  EXPECT_EQ(r.find("h.dev", "v1", "as")->group(), "h.dev");
  EXPECT_EQ(r.find("h.dev", "v1", "bs"), nullptr);
  EXPECT_EQ(r.find("g.dev", "v2", "as"), nullptr);
  EXPECT_EQ(r.find_kind("g.dev/v1", "A", &version)->plural, "as");
  EXPECT_EQ(r.find_kind("v1", "A"), nullptr);
  EXPECT_EQ(r.find<core::v1::ConfigMap>()->plural, "as") << "the first of its type";
}

TEST(Registry, NoTwoResourcesHaveANameOrAPlaceInCommon) {
  const auto why = [](ResourceInfo a, ResourceInfo b) {
    const auto made = Registry::make({std::move(a), std::move(b)});
    return made.ok() ? "" : made.error().message();
  };
  EXPECT_EQ(why(resource("as", "A"), resource("as", "B")), "as.g.dev: g.dev/v1/as is another resource's");
  EXPECT_EQ(why(resource("as", "A"), resource("bs", "A")), "bs.g.dev: g.dev/v1 A is another resource's");
  ResourceInfo elsewhere = resource("bs", "B");
  elsewhere.storage_path = "g.dev/as";
  EXPECT_EQ(why(resource("as", "A"), elsewhere), "bs.g.dev: /registry/g.dev/as is another resource's");
}

TEST(ResourceCatalog, FollowersAreToldOfEverySnapshotInOrder) {
  ResourceCatalog catalog(std::make_shared<const Registry>());
  const auto a = catalog.add(resource("as", "A"));
  std::string first, second;
  auto one = catalog.follow([&](const RegistryPtr& now) { first += names(*now) + "| "; });
  EXPECT_EQ(first, "as | ") << "at once, of what there is";
  const auto b = catalog.add(resource("bs", "B"));
  const auto two = catalog.follow([&](const RegistryPtr& now) {
    second += names(*now) + "| ";
    EXPECT_TRUE(first.ends_with(names(*now) + "| ")) << "those who came before are told before";
  });
  EXPECT_TRUE(catalog.remove(**a).ok());
  one.reset();
  EXPECT_TRUE(catalog.remove(**b).ok());
  EXPECT_EQ(first, "as | as bs | bs | ");
  EXPECT_EQ(second, "as bs | bs | | ");
  EXPECT_EQ(catalog.remove(**b).error().code(), Code::NotFound);
}

TEST(ResourceCatalog, ASnapshotKeepsWhatItNamesWhenThatIsGone) {
  ResourceCatalog catalog(std::make_shared<const Registry>());
  const RegistryPtr with = [&] {
    EXPECT_TRUE(catalog.add(resource("as", "A")).ok());
    return catalog.registry();
  }();
  const ResourceInfo* found = with->find("g.dev", "v1", "as");
  EXPECT_TRUE(catalog.remove(*found).ok());
  EXPECT_EQ(catalog.registry()->find("g.dev", "v1", "as"), nullptr);
  EXPECT_EQ(found->kind, "A");
  EXPECT_EQ(catalog.add(resource("as", "A")).ok(), true) << "its names are free again";
  const RegistryChange change = difference(*with, *catalog.registry());
  EXPECT_EQ(change.added.size(), 1u);
  EXPECT_EQ(change.removed.size(), 1u) << "the one that came is another";
}

}  // namespace
}  // namespace mizzen::api
