#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/builtin.h"
#include "api/registry/catalog.h"
#include "apiserver/server.h"
#include "apiserver/testing/elsewhere_store.h"
#include "codec/json/tree.h"
#include "http/client/client.h"
#include "store/memory/memory_store.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace mizzen::apiserver::testing {

/// What came back. `json` is null where the body is something else.
struct Answer {
  int status = 0;
  http::Headers headers;
  std::string body;
  codec::Value json;

  /// The text at a path of names and indices: "metadata.name", "items.0.kind". Empty where nothing is there;
  /// numbers and booleans as JSON has them; objects and arrays as compact JSON.
  std::string at(std::string_view path) const;
  /// Members of the array at the path; 0 where there is none.
  size_t count(std::string_view path) const;
  std::string message() const { return at("message"); }
  std::vector<std::string> warnings() const;
};

std::string at(const codec::Value& value, std::string_view path);

/// An open watch, read event by event.
class EventStream {
 public:
  explicit EventStream(std::unique_ptr<http::ResponseReader> reader) : reader_(std::move(reader)) {}
  int status() const { return reader_->status(); }
  const http::Headers& headers() const { return reader_->headers(); }
  /// The next JSON event; nothing where the stream ended or five seconds passed.
  std::optional<codec::Value> next();
  /// "ADDED default/name" for the next event, "END" at the end, "SILENT" where nothing came.
  std::string next_line();
  /// The next frame of a protobuf watch.
  std::optional<std::string> next_frame();
  /// Bytes until the end.
  std::string rest();

 private:
  bool fill();
  std::unique_ptr<http::ResponseReader> reader_;
  std::string buffer_;
  bool ended_ = false;
};

/// Role: a whole API server over TLS on a free loopback port, on a store in memory whose history starts
/// before the server, and clients with and without the admin's certificate.
class RunningServer {
 public:
  /// Elsewhere: the store passes for one that has to be asked over a network.
  enum class StoreIs : uint8_t { Here, Elsewhere };
  explicit RunningServer(StoreIs where = StoreIs::Here);
  ~RunningServer();

  /// The server goes, its clients do not.
  void stop_server() { server_.reset(); }

  Answer call(const std::string& method, const std::string& path, const std::string& body = "",
              http::Headers headers = {});
  Answer anonymous(const std::string& method, const std::string& path, http::Headers headers = {});
  EventStream watch(const std::string& path, http::Headers headers = {});
  /// A client certificate of this user.
  Answer as(const std::string& user, const std::string& method, const std::string& path,
            const std::string& body = "");

  store::MemoryStore& store() { return store_; }
  const ElsewhereStore& elsewhere() const { return elsewhere_; }
  http::Loops& loops() { return loops_; }
  api::ResourceCatalog& resources() { return resources_; }
  ApiServer& server() { return *server_; }
  http::Client& client() { return *admin_; }
  http::Target target() const;

 private:
  std::unique_ptr<http::Client> client_for(const std::string& user, const std::vector<std::string>& groups);
  Answer send(http::Client& client, const std::string& method, const std::string& path,
              const std::string& body, http::Headers headers);

  std::string folder_;
  store::MemoryStore store_{{.clock = real_clock()}};
  ElsewhereStore elsewhere_{store_};
  api::ResourceCatalog resources_{api::builtin()};
  http::Loops loops_;
  Metrics metrics_;
  Health health_;
  std::unique_ptr<ApiServer> server_;
  std::unique_ptr<http::Client> admin_, nobody_;
};

/// One server for all tests of a suite; each test has a namespace of its own.
class HttpTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<RunningServer>(); }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override;

  Answer call(const std::string& method, const std::string& path, const std::string& body = "",
              http::Headers headers = {}) {
    return server_->call(method, path, body, std::move(headers));
  }
  /// api/v1/namespaces/NS/RESOURCE below the test's namespace.
  std::string core(const std::string& rest) const { return "/api/v1/namespaces/" + ns_ + "/" + rest; }
  std::string group(const std::string& group_version, const std::string& rest) const {
    return "/apis/" + group_version + "/namespaces/" + ns_ + "/" + rest;
  }
  Answer create_config(const std::string& name, const std::string& value = "v",
                       const std::string& metadata = "");
  Answer create_pod(const std::string& name, const std::string& spec = "");

  static std::unique_ptr<RunningServer> server_;
  std::string ns_;
};

}  // namespace mizzen::apiserver::testing
