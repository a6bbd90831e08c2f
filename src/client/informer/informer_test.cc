#include "client/informer/informer.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/config_map.h"
#include "async/stop.h"
#include "client/testing/scripted_api.h"

namespace mizzen::client {
namespace {

using api::core::v1::ConfigMap;
using std::chrono::milliseconds;
using testing::ClientTest;
using testing::soon;

Object config(const std::string& name, int revision, const std::string& value = "") {
  ConfigMap c;
  c.metadata.namespace_ = "ns";
  c.metadata.name = name;
  c.metadata.resourceVersion = std::to_string(revision);
  c.data.set("v", value);
  return Object::of(std::move(c));
}

Object with_uid(const std::string& name, int revision, const std::string& uid) {
  ConfigMap c = *config(name, revision).as<ConfigMap>();
  c.metadata.uid = uid;
  return Object::of(std::move(c));
}

Object initial_end(int revision) {
  ConfigMap c;
  c.metadata.resourceVersion = std::to_string(revision);
  c.metadata.annotations.set("k8s.io/initial-events-end", "true");
  return Object::of(std::move(c));
}

class InformerTest : public ClientTest {
 protected:
  InformerTest() : informer_(api::resource_of<ConfigMap>(), {api_, runtime_}) {
    informer_.add_handler({[this](const Seen& now) { say("+" + now.meta().name); },
                           [this](const Seen& old, const Seen& now) {
                             say(old.meta().resourceVersion + ">" + now.meta().resourceVersion);
                           },
                           [this](const Seen& last) { say("-" + last.meta().name); }});
    informer_.add_index(
        "value", [](const Seen& o) { return std::vector<std::string>{o.as<ConfigMap>()->data.get("v")}; });
  }
  ~InformerTest() override { informer_.stop(); }
  void say(const std::string& what) {
    Lock lock(m_);
    said_ += what + " ";
  }
  std::string said() {
    Lock lock(m_);
    return said_;
  }
  void send(size_t watch, std::vector<WatchEvent> events) {
    api_.opened(watch).sink.on_events(std::move(events));
  }
  void sync() {
    informer_.start();
    ASSERT_TRUE(soon([&] { return api_.watches() == 1; }));
    EXPECT_TRUE(api_.opened(0).options.send_initial_events);
    send(0, {{WatchEvent::Type::Added, config("a", 1, "x")}, {WatchEvent::Type::Added, config("b", 2, "y")}});
    EXPECT_FALSE(informer_.synced());
    send(0, {{WatchEvent::Type::Bookmark, initial_end(5)}});
    ASSERT_TRUE(informer_.wait_synced(Deadline::after(std::chrono::seconds(5), real_clock())));
  }

  Mutex m_;
  std::string said_ MZ_GUARDED_BY(m_);
  Informer informer_;
};

TEST_F(InformerTest, ShowsWhatTheServerHas) {
  sync();
  EXPECT_EQ(said(), "+a +b ");
  send(0,
       {{WatchEvent::Type::Modified, config("a", 6, "y")}, {WatchEvent::Type::Deleted, config("b", 7, "y")}});
  ASSERT_TRUE(soon([&] { return said() == "+a +b 1>6 -b "; })) << said();
  EXPECT_EQ(informer_.size(), 1u);
  EXPECT_TRUE(informer_.by_index("value", "x").empty());
  ASSERT_EQ(informer_.by_index("value", "y").size(), 1u);
  EXPECT_EQ(informer_.list("ns").size(), 1u);
  EXPECT_FALSE(informer_.get("ns", "b"));
}

TEST_F(InformerTest, KeepsNoDecodedObject) {
  const Object told = config("z", 6);
  const std::weak_ptr<const void> decoded = told.shared();
  sync();
  {
    std::vector<WatchEvent> events;
    events.push_back({WatchEvent::Type::Added, told});
    send(0, std::move(events));
  }
  ASSERT_TRUE(soon([&] { return said() == "+a +b +z "; }));
  EXPECT_EQ(informer_.get("ns", "z").name(), "z");
  // The test's own is the last one.
  EXPECT_TRUE(soon([&] { return decoded.use_count() == 1; })) << decoded.use_count();
}

TEST_F(InformerTest, AnIndexIsAskedOnceForEachState) {
  std::atomic<int> asked = 0;
  informer_.add_index("asked", [&](const Seen&) {
    ++asked;
    return std::vector<std::string>{"all"};
  });
  sync();
  send(0,
       {{WatchEvent::Type::Modified, config("a", 6, "x")}, {WatchEvent::Type::Deleted, config("b", 7, "y")}});
  ASSERT_TRUE(soon([&] { return said() == "+a +b 1>6 -b "; })) << said();
  EXPECT_EQ(asked, 3) << "what goes, or is replaced, is not looked at again";
  EXPECT_EQ(informer_.count("asked", "all"), 1u);
  EXPECT_EQ(informer_.index_values("asked"), std::vector<std::string>{"all"});
  EXPECT_EQ(informer_.index_values("value"), std::vector<std::string>{"x"});
  EXPECT_EQ(informer_.count("no such", "all"), 0u);
}

TEST_F(InformerTest, HandlersShareWhatWasDecoded) {
  std::vector<const void*> old_states, new_states;
  std::string old_value;
  for (int i = 0; i < 2; ++i)
    informer_.add_handler({nullptr,
                           [&](const Seen& old, const Seen& now) {
                             old_value = old.as<ConfigMap>()->data.get("v");
                             old_states.push_back(old.object().get());
                             new_states.push_back(now.object().get());
                             say("seen");
                           },
                           nullptr});
  sync();
  send(0, {{WatchEvent::Type::Modified, config("a", 6, "new")}});
  ASSERT_TRUE(soon([&] { return said() == "+a +b 1>6 seen seen "; })) << said();
  EXPECT_EQ(old_value, "x") << "the state before is there for who asks";
  EXPECT_EQ(old_states[0], old_states[1]);
  EXPECT_EQ(new_states[0], new_states[1]);
}

TEST_F(InformerTest, GoesOnFromTheLastRevision) {
  sync();
  send(0, {{WatchEvent::Type::Added, config("c", 9)}});
  api_.opened(0).sink.on_end(Error(Code::ServiceUnavailable, "cut"));
  ASSERT_TRUE(soon([&] { return api_.watches() == 2; }));
  EXPECT_EQ(api_.opened(1).options.resource_version, "9");
  EXPECT_FALSE(api_.opened(1).options.send_initial_events);
  send(0, {{WatchEvent::Type::Added, config("late", 10)}});  // an old watch is not listened to
  send(1, {{WatchEvent::Type::Added, config("d", 11)}});
  ASSERT_TRUE(soon([&] { return said() == "+a +b +c +d "; })) << said();
}

TEST_F(InformerTest, ExpiredListsAgainAndTellsTheDifference) {
  sync();
  api_.opened(0).sink.on_end(Error(Code::Expired, "too old"));
  ASSERT_TRUE(soon([&] { return api_.watches() == 2; }));
  EXPECT_EQ(api_.opened(1).options.resource_version, "");
  EXPECT_TRUE(api_.opened(1).options.send_initial_events);
  EXPECT_EQ(informer_.size(), 2u) << "the old view stands meanwhile";
  send(1, {{WatchEvent::Type::Added, config("b", 2, "y")},
           {WatchEvent::Type::Added, config("c", 20)},
           {WatchEvent::Type::Bookmark, initial_end(21)}});
  ASSERT_TRUE(soon([&] { return said() == "+a +b -a +c "; })) << said();
}

TEST_F(InformerTest, AnotherObjectUnderTheSameNameIsNoUpdate) {
  sync();
  send(0, {{WatchEvent::Type::Added, with_uid("c", 6, "first")}});
  api_.opened(0).sink.on_end(Error(Code::Expired, "too old"));
  ASSERT_TRUE(soon([&] { return api_.watches() == 2; }));
  send(1,
       {{WatchEvent::Type::Added, with_uid("c", 9, "second")}, {WatchEvent::Type::Bookmark, initial_end(9)}});
  EXPECT_TRUE(soon([&] { return said() == "+a +b +c -a -b -c +c "; })) << said();
  EXPECT_EQ(informer_.get("ns", "c").meta().uid, "second");
}

TEST_F(InformerTest, AfterStopNothingIsTold) {
  sync();
  informer_.stop();
  send(0, {{WatchEvent::Type::Added, config("z", 30)}});
  StopSource never;
  (void)never.token().wait_until(Deadline::after(milliseconds(30), real_clock()));
  EXPECT_EQ(said(), "+a +b ");
}

TEST_F(InformerTest, WithoutObjectsItTellsAndKeepsNothing) {
  const auto with_uid = [](const std::string& name, int revision) {
    ConfigMap c;
    c.metadata.name = name;
    c.metadata.uid = "uid-" + name;
    c.metadata.resourceVersion = std::to_string(revision);
    return Object::of(std::move(c));
  };
  Informer teller(api::resource_of<ConfigMap>(), {api_, runtime_}, {{}, false});
  teller.add_handler({[this](const Seen& now) { say("+" + now.meta().name); }, nullptr,
                      [this](const Seen& last) { say("-" + last.meta().name); },
                      [this](const std::set<std::string>& uids) {
                        std::string all;
                        for (const std::string& uid : uids) all += "/" + uid;
                        say("=" + all);
                      }});
  teller.start();
  ASSERT_TRUE(soon([&] { return api_.watches() == 1; }));
  send(0, {{WatchEvent::Type::Added, with_uid("a", 1)},
           {WatchEvent::Type::Added, with_uid("b", 2)},
           {WatchEvent::Type::Bookmark, initial_end(5)}});
  ASSERT_TRUE(teller.wait_synced(Deadline::after(std::chrono::seconds(5), real_clock())));
  send(0, {{WatchEvent::Type::Modified, with_uid("a", 6)}, {WatchEvent::Type::Deleted, with_uid("b", 7)}});
  ASSERT_TRUE(soon([&] { return said() == "+a +b =/uid-a/uid-b +a -b "; })) << said();
  EXPECT_EQ(teller.size(), 0u);
  api_.opened(0).sink.on_end(Error(Code::Expired, "too old"));
  ASSERT_TRUE(soon([&] { return api_.watches() == 2; }));
  send(1, {{WatchEvent::Type::Added, with_uid("c", 8)}, {WatchEvent::Type::Bookmark, initial_end(9)}});
  EXPECT_TRUE(soon([&] { return said().ends_with("+c =/uid-c "); })) << said() << ": a went unseen";
  teller.stop();
}

}  // namespace
}  // namespace mizzen::client
