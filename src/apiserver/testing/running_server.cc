#include "apiserver/testing/running_server.h"

#include <fmt/format.h>

#include <cctype>
#include <filesystem>

#include "base/strings.h"

namespace mizzen::apiserver::testing {
namespace {

http::CallContext within(Duration d) { return {Deadline::after(d, real_clock()), {}}; }

const codec::Value* walk(const codec::Value& value, std::string_view path) {
  const codec::Value* v = &value;
  if (path.empty()) return v;
  for (std::string_view part : split(path, '.')) {
    if (v->is_array()) {
      const auto i = parse_int<size_t>(part);
      if (!i || *i >= v->items().size()) return nullptr;
      v = &v->items()[*i];
    } else {
      v = v->find(part);
      if (!v) return nullptr;
    }
  }
  return v;
}

}  // namespace

std::string at(const codec::Value& value, std::string_view path) {
  const codec::Value* v = walk(value, path);
  if (!v) return "";
  return v->is_string() || v->is_number() ? v->text() : v->str();
}

std::string Answer::at(std::string_view path) const { return testing::at(json, path); }
size_t Answer::count(std::string_view path) const {
  const codec::Value* v = walk(json, path);
  return v ? v->items().size() : 0;
}
std::vector<std::string> Answer::warnings() const {
  std::vector<std::string> out;
  for (std::string_view w : headers.all("Warning")) out.emplace_back(w);
  return out;
}

bool EventStream::fill() {
  if (ended_) return false;
  auto got = reader_->read(within(std::chrono::seconds(5)));
  if (!got.ok()) return false;
  if (got->empty()) {
    ended_ = true;
    return false;
  }
  buffer_ += *got;
  return true;
}

std::optional<codec::Value> EventStream::next() {
  size_t end;
  while ((end = buffer_.find('\n')) == std::string::npos)
    if (!fill()) return std::nullopt;
  auto value = codec::Value::parse(buffer_.substr(0, end));
  buffer_.erase(0, end + 1);
  if (!value.ok()) return std::nullopt;
  return std::move(*value);
}

std::string EventStream::next_line() {
  const auto event = next();
  if (!event) return ended_ ? "END" : "SILENT";
  const std::string ns = testing::at(*event, "object.metadata.namespace");
  return testing::at(*event, "type") + " " + (ns.empty() ? "" : ns + "/") +
         testing::at(*event, "object.metadata.name");
}

std::optional<std::string> EventStream::next_frame() {
  while (buffer_.size() < 4)
    if (!fill()) return std::nullopt;
  size_t length = 0;
  for (int i = 0; i < 4; ++i)
    length = length << 8 | static_cast<unsigned char>(buffer_[static_cast<size_t>(i)]);
  while (buffer_.size() < 4 + length)
    if (!fill()) return std::nullopt;
  std::string out = buffer_.substr(4, length);
  buffer_.erase(0, 4 + length);
  return out;
}

std::string EventStream::rest() {
  while (fill()) {
  }
  return std::exchange(buffer_, "");
}

RunningServer::RunningServer(StoreIs where)
    : loops_({.clock = real_clock(), .random = secure_random(), .threads = 2}) {
  std::string pattern = (std::filesystem::temp_directory_path() / "mizzen-api-XXXXXX").string();
  EXPECT_NE(mkdtemp(pattern.data()), nullptr);
  folder_ = pattern;
  // History from before the server, forgotten: watches from there have to be refused.
  for (int i = 0; i < 5; ++i) {
    store::Txn txn;
    txn.success.push_back(store::Op::put("/before", store::make_bytes(std::to_string(i))));
    EXPECT_TRUE(store_.txn(std::move(txn), Deadline::after(std::chrono::seconds(1), real_clock())).ok());
  }
  const Deadline soon = Deadline::after(std::chrono::seconds(1), real_clock());
  EXPECT_TRUE(store_.compact(*store_.current_revision(soon), soon).ok());
  ApiServer::Options options;
  options.data_dir = folder_;
  options.address = "127.0.0.1";
  options.port = 0;
  store::Store& store = where == StoreIs::Here ? static_cast<store::Store&>(store_) : elsewhere_;
  server_ = std::make_unique<ApiServer>(
      ApiServer::Deps{real_clock(), secure_random(), store, resources_, loops_, metrics_, health_, nullptr},
      options);
  const auto made = server_->init();
  EXPECT_TRUE(made.ok()) << made.error().message();
  const auto started = server_->start(Deadline::after(std::chrono::seconds(20), real_clock()));
  EXPECT_TRUE(started.ok()) << started.error().message();
  admin_ = client_for("kubernetes-admin", {"system:masters"});
  nobody_ = client_for("", {});
}

RunningServer::~RunningServer() {
  admin_->stop();
  nobody_->stop();
  server_.reset();
  loops_.stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

http::Target RunningServer::target() const {
  auto target = http::parse_target(fmt::format("https://127.0.0.1:{}", server_->port()));
  EXPECT_TRUE(target.ok());
  return *target;
}

std::unique_ptr<http::Client> RunningServer::client_for(const std::string& user,
                                                        const std::vector<std::string>& groups) {
  http::Client::Options options;
  options.tls.ca_pem = server_->authority().certificate_pem();
  if (!user.empty()) {
    pki::CertificateRequest request;
    request.common_name = user;
    request.organisations = groups;
    request.client = true;
    auto pair = server_->authority().issue(request, real_clock().wall());
    EXPECT_TRUE(pair.ok());
    options.tls.certificate_pem = pair->certificate_pem;
    options.tls.key_pem = pair->key_pem;
  }
  return std::make_unique<http::Client>(loops_, options);
}

Answer RunningServer::send(http::Client& client, const std::string& method, const std::string& path,
                           const std::string& body, http::Headers headers) {
  http::ClientRequest request;
  request.method = method;
  request.target = target();
  request.path = path;
  request.headers = std::move(headers);
  if (!body.empty()) {
    if (!request.headers.has("Content-Type")) request.headers.set("Content-Type", "application/json");
    request.body = {http::Slice(body)};
  }
  auto got = client.request(request, within(std::chrono::seconds(20)));
  Answer out;
  if (!got.ok()) {
    out.body = got.error().message();
    return out;
  }
  out.status = got->status;
  out.headers = std::move(got->headers);
  out.body = std::move(got->body);
  if (auto value = codec::Value::parse(out.body); value.ok()) out.json = std::move(*value);
  return out;
}

Answer RunningServer::call(const std::string& method, const std::string& path, const std::string& body,
                           http::Headers headers) {
  return send(*admin_, method, path, body, std::move(headers));
}
Answer RunningServer::anonymous(const std::string& method, const std::string& path, http::Headers headers) {
  return send(*nobody_, method, path, "", std::move(headers));
}
Answer RunningServer::as(const std::string& user, const std::string& method, const std::string& path,
                         const std::string& body) {
  const auto client = client_for(user, {"people"});
  Answer out = send(*client, method, path, body, {});
  client->stop();
  return out;
}

EventStream RunningServer::watch(const std::string& path, http::Headers headers) {
  http::ClientRequest request;
  request.target = target();
  request.path = path;
  request.headers = std::move(headers);
  auto reader = admin_->open(request, within(std::chrono::seconds(10)));
  EXPECT_TRUE(reader.ok()) << (reader.ok() ? "" : reader.error().message());
  return EventStream(std::move(*reader));
}

std::unique_ptr<RunningServer> HttpTest::server_;

void HttpTest::SetUp() {
  ns_ = to_lower(::testing::UnitTest::GetInstance()->current_test_info()->name()).substr(0, 60);
  const Answer made =
      call("POST", "/api/v1/namespaces",
           fmt::format(R"({{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{}"}}}})", ns_));
  ASSERT_EQ(made.status, 201) << made.body;
  const Answer account = call("POST", core("serviceaccounts"),
                              R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}})");
  ASSERT_EQ(account.status, 201) << account.body;
}

Answer HttpTest::create_config(const std::string& name, const std::string& value,
                               const std::string& metadata) {
  return call(
      "POST", core("configmaps"),
      fmt::format(
          R"({{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{}"{}}},"data":{{"k":"{}"}}}})",
          name, metadata, value));
}

Answer HttpTest::create_pod(const std::string& name, const std::string& spec) {
  return call("POST", core("pods"),
              fmt::format(R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{}"}},)"
                          R"("spec":{{"containers":[{{"name":"c","image":"i"}}]{}}}}})",
                          name, spec));
}

}  // namespace mizzen::apiserver::testing
