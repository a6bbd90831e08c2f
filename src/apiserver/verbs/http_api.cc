#include "apiserver/verbs/http_api.h"

#include <fmt/format.h>

#include <utility>

#include "apiserver/answers/status.h"
#include "apiserver/documents/documents.h"
#include "base/random.h"
#include "base/strings.h"
#include "http/message/gzip.h"
#include "telemetry/log.h"

namespace mizzen::apiserver {
namespace {

/// How long a request waits for the cache to show what was asked for.
constexpr Duration kFreshMax = std::chrono::seconds(3);

bool is_write(const std::string& verb) {
  return verb == "create" || verb == "update" || verb == "patch" || verb == "delete" ||
         verb == "deletecollection";
}

/// Old clients of a version that is on its way out are told so, as upstream does.
void warn_deprecated(const HandlingPtr& h) {
  if (h->view.version && !h->view.version->warning.empty())
    h->warnings.emplace_back(h->view.version->warning);
}

std::string warning_header(std::string_view text) {
  std::string out = "299 - \"";
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) continue;
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

Error no_such_resource() { return Error(Code::NotFound, "the server could not find the requested resource"); }
Error no_such_method() {
  return Error(Code::MethodNotAllowed, "the server does not allow this method on the requested resource");
}

}  // namespace

HttpApi::HttpApi(Deps deps, std::string external_address)
    : deps_(deps),
      documents_(make_documents(deps.core.registry(), std::move(external_address))),
      request_metrics_(deps.metrics) {}

HttpApi::~HttpApi() = default;

void Handling::answered(int code, size_t bytes, Monotonic now) {
  running.reset();
  RequestMetrics* counting = std::exchange(metrics, nullptr);
  if (counting) counting->finished({view.resource, view.version, labels, code, bytes, now - started});
}

void HttpApi::handle(http::ExchangePtr exchange) {
  auto h = std::make_shared<Handling>();
  h->exchange = std::move(exchange);
  const http::Request& request = h->exchange->request();
  h->path = request.path;
  h->started = deps_.core.clock().monotonic();
  const std::string_view audit = request.headers.get("Audit-ID");
  h->audit_id = audit.empty() ? uuid(secure_random()) : std::string(audit.substr(0, 64));
  h->view.now = deps_.core.clock().wall();
  auto query = http::Query::parse(request.query);
  if (!query.ok()) return fail(h, query.error());
  h->query = std::move(*query);
  auto user = deps_.gate.identify(request);
  if (!user.ok()) return fail(h, user.error());
  h->user = std::move(*user);
  route(h);
}

void HttpApi::route(const HandlingPtr& h) {
  const http::Request& request = h->exchange->request();
  auto segments = request.path == "/" ? Result<std::vector<std::string>>(std::vector<std::string>())
                                      : http::split_path(request.path);
  if (!segments.ok()) return fail(h, segments.error());
  const bool watch = h->query.has("watch") && h->query.flag("watch");
  h->info = parse_request(request.method, *segments, watch);
  if (const auto allowed = deps_.gate.authorize(h->user, h->info, request.path); !allowed.ok())
    return fail(h, allowed.error());
  if (!h->info.is_resource || h->info.resource.empty()) return route_document(h, *segments);
  route_resource(h);
}

void HttpApi::route_resource(const HandlingPtr& h) {
  const RequestInfo& info = h->info;
  const api::ServedVersion* version = nullptr;
  const api::ResourceInfo* resource =
      deps_.core.registry().find(info.group, info.version, info.resource, &version);
  if (!resource || (info.prefix == "api") != info.group.empty()) return fail(h, no_such_resource());
  h->view.resource = resource;
  h->view.version = version;
  h->metrics = &request_metrics_;
  h->store = deps_.core.find(*resource);
  const bool watch = info.verb == "watch";
  auto media =
      negotiate(h->exchange->request().headers, h->query.flag("pretty") && h->query.has("pretty"), watch);
  // Sessions and logs answer with bytes of their own: what Accept says matters to their errors alone.
  const std::string& sub = info.subresource;
  h->labels =
      request_labels(h->exchange->request().method, info, h->query, h->exchange->request().headers, h->path);
  const bool proxied = sub == "proxy" && resource->has(api::Subresource::Proxy);
  const bool session = proxied || sub == "log" || sub == "exec" || sub == "attach" || sub == "portforward";
  if (!media.ok() && !session) return fail(h, media.error());
  if (media.ok()) h->view.media = std::move(*media);
  if (!session && !watch) h->running = request_metrics_.in_flight(is_write(info.verb));
  if (h->query.has("includeObject")) {
    h->view.include_object = h->query.get("includeObject");
    if (h->view.include_object != "None" && h->view.include_object != "Metadata" &&
        h->view.include_object != "Object")
      return fail(h, Error(Code::BadRequest,
                           fmt::format("Unable to convert to Table as requested: includeObject: Invalid "
                                       "value: {}: must be 'Metadata', 'Object', 'None', or empty",
                                       quote(h->view.include_object))));
  }
  warn_deprecated(h);
  // Names of namespaced things need a namespace; cluster-wide things have none.
  if (resource->namespaced && info.namespace_.empty() &&
      (info.verb != "list" && info.verb != "watch" && !(resource->create_only)))
    return fail(h, info.name.empty() ? no_such_method() : no_such_resource());
  if (!resource->namespaced && !info.namespace_.empty() && info.resource != "namespaces")
    return fail(h, no_such_resource());

  if (proxied) {
    if (!deps_.proxies) return fail(h, Error(Code::ServiceUnavailable, "no pod can be reached from here"));
    return deps_.proxies->serve(h);
  }
  if (!info.subresource.empty() || resource->create_only) {
    if (info.verb == "get" && info.subresource == "status" && resource->has(api::Subresource::Status))
      return get(h);
    if ((info.verb == "update" || info.verb == "patch") && info.subresource == "status" &&
        resource->has(api::Subresource::Status))
      return write(h);
    if (resource->create_only && (info.verb != "create" || !info.name.empty()))
      return fail(h, no_such_method());
    return write(h);
  }
  if (info.verb == "get") return get(h);
  if (info.verb == "list") return list(h);
  if (info.verb == "watch") return this->watch(h);
  if (is_write(info.verb)) {
    if (info.verb == "create" && !info.name.empty()) return fail(h, no_such_method());
    if ((info.verb == "update" || info.verb == "patch") && info.name.empty())
      return fail(h, no_such_method());
    return write(h);
  }
  fail(h, no_such_method());
}

void HttpApi::write(const HandlingPtr& h) {
  h->exchange->read_body(kBodyBytesMax, [this, h](Result<std::string> body) {
    if (!body.ok()) {
      if (body.error().code() == Code::RequestEntityTooLarge)
        return fail(h, Error(Code::RequestEntityTooLarge,
                             fmt::format("Request entity too large: limit is {}", kBodyBytesMax)));
      return fail(h, body.error());
    }
    blocking(h, [this, h, text = std::move(*body)]() mutable {
      const RequestInfo& info = h->info;
      if (h->view.resource->create_only || (!info.subresource.empty() && info.subresource != "status"))
        return subresource(h, std::move(text));
      if (info.verb == "create") return create(h, std::move(text));
      if (info.verb == "update") return update(h, std::move(text));
      if (info.verb == "patch") return patch(h, std::move(text));
      if (info.verb == "delete") return remove(h, std::move(text));
      if (info.verb == "deletecollection") return remove_collection(h, std::move(text));
      fail(h, no_such_method());
    });
  });
}

void HttpApi::blocking(const HandlingPtr& h, std::function<void()> f) {
  if (deps_.workers.post(std::move(f))) return;
  ErrorDetails details;
  details.retry_after_seconds = 1;
  fail(h, Error(Code::TooManyRequests, "Too many requests, please try again later.", std::move(details)));
}

void HttpApi::when_newest(const HandlingPtr& h, std::function<void()> f) {
  auto ask = [this, h, f = std::move(f)]() mutable {
    const auto now = deps_.core.store().current_revision(Deadline::after(kFreshMax, deps_.core.clock()));
    if (!now.ok()) return fail(h, now.error());
    when_fresh(h, now->get(), std::move(f));
  };
  // A store elsewhere may take its time, which the loop does not have.
  if (deps_.core.store().local()) return ask();
  blocking(h, std::move(ask));
}

void HttpApi::when_fresh(const HandlingPtr& h, int64_t revision, std::function<void()> f) {
  http::Loop& loop = h->exchange->loop();
  h->store->cache().when_reached(revision, Deadline::after(kFreshMax, deps_.core.clock()),
                                 [this, h, &loop, f = std::move(f)](const Result<void>& reached) mutable {
                                   if (!reached.ok()) return fail(h, reached.error());
                                   if (loop.on_thread()) return f();
                                   loop.post(std::move(f));
                                 });
}

http::Headers HttpApi::answer_headers(const Handling& h, std::string_view content_type) {
  http::Headers headers;
  headers.add("Audit-Id", h.audit_id);
  headers.add("Cache-Control", "no-cache, private");
  headers.add("Content-Type", std::string(content_type));
  size_t warned = 0;
  for (const std::string& w : h.warnings) {
    if ((warned += w.size()) > 4096) break;
    headers.add("Warning", warning_header(w));
  }
  return headers;
}

void HttpApi::respond(const HandlingPtr& h, int status, http::Body body, std::string_view content_type) {
  http::Headers headers = answer_headers(*h, content_type);
  if (http::body_size(body) > http::kGzipBytesMin && http::accepts_gzip(h->exchange->request().headers)) {
    headers.add("Content-Encoding", "gzip");
    headers.add("Vary", "Accept-Encoding");
    body = {http::gzip(body, http::kGzipLevel)};
  }
  h->answered(status, http::body_size(body), deps_.core.clock().monotonic());
  h->exchange->respond(status, std::move(headers), std::move(body));
}

void HttpApi::respond_entry(const HandlingPtr& h, int status, const Entry& entry) {
  if (h->view.media.transform == Transform::PartialMetadataList) {
    return fail(
        h,
        Error(Code::NotAcceptable,
              fmt::format(
                  "you requested PartialObjectMetadataList, but the requested object is not a list (*{}.{})",
                  h->view.version->version, h->view.resource->kind)));
  }
  respond(h, status, encode_entry(h->view, entry), h->view.media.content_type());
}

void HttpApi::respond_object(const HandlingPtr& h, int status, const codec::TypeMeta& type,
                             const codec::Message& m, const void* object) {
  respond(h, status, {encode_document(type, m, object, h->view.media.format, h->view.media.pretty)},
          h->view.media.content_type());
}

void HttpApi::fail(const HandlingPtr& h, const Error& error) { fail(h, status_of(error)); }

void HttpApi::fail(const HandlingPtr& h, const meta::v1::Status& status) {
  MediaType media;
  if (auto asked = negotiate(h->exchange->request().headers, false, false); asked.ok())
    media = std::move(*asked);
  http::Headers headers;
  headers.add("Audit-Id", h->audit_id);
  headers.add("Cache-Control", "no-cache, private");
  headers.add("Content-Type", std::string(media.content_type()));
  if (status.code == 403 || status.code == 401) headers.add("X-Content-Type-Options", "nosniff");
  for (const std::string& w : h->warnings) headers.add("Warning", warning_header(w));
  if (status.details && status.details->retryAfterSeconds > 0)
    headers.add("Retry-After", std::to_string(status.details->retryAfterSeconds));
  h->answered(status.code, 0, deps_.core.clock().monotonic());
  if (status.code >= 500)
    log::warn("apiserver", "request failed",
              {log::kv("verb", h->info.verb), log::kv("path", h->path), log::kv("err", status.message)});
  h->exchange->respond(status.code, std::move(headers), {encode_status(status, media.format, media.pretty)});
}

void HttpApi::route_document(const HandlingPtr& h, const std::vector<std::string>& segments) {
  const std::string method = h->exchange->request().method;
  if (method != "GET" && method != "HEAD") return fail(h, no_such_method());
  const std::string first = segments.empty() ? "" : segments[0];
  h->labels = request_labels(method, h->info, h->query, h->exchange->request().headers, h->path);
  if (!h->labels.subresource.empty()) h->metrics = &request_metrics_;
  if (first == "healthz" || first == "livez" || first == "readyz") {
    std::vector<std::string> excluded;
    for (std::string_view e : h->query.all("exclude")) excluded.emplace_back(e);
    std::string check;
    for (size_t i = 1; i < segments.size(); ++i) check += (i > 1 ? "/" : "") + segments[i];
    const auto ask = [this, h, first, check, excluded] {
      const Health::Answer answer = check.empty()
                                        ? deps_.health.summary(first, h->query.has("verbose"), excluded)
                                        : deps_.health.single(first, check);
      http::Headers headers;
      headers.add("Content-Type", "text/plain; charset=utf-8");
      headers.add("X-Content-Type-Options", "nosniff");
      headers.add("Cache-Control", "no-cache, private");
      headers.add("Audit-Id", h->audit_id);
      h->answered(answer.status, answer.body.size(), deps_.core.clock().monotonic());
      h->exchange->respond(answer.status, std::move(headers), {http::Slice(answer.body)});
    };
    if (deps_.core.store().local()) return ask();
    return blocking(h, ask);
  }
  if (first == "metrics" && segments.size() == 1)
    return respond(h, 200, {http::Slice(deps_.metrics.text())}, "text/plain; version=0.0.4; charset=utf-8");
  if (auto found = find_document(*documents_, h->exchange->request(), segments)) {
    if (!found->ok()) return fail(h, found->error());
    Document& d = **found;
    http::Headers headers = std::move(d.headers);
    headers.set("Audit-Id", h->audit_id);
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-cache, private");
    if (http::body_size(d.body) > http::kGzipBytesMin && http::accepts_gzip(h->exchange->request().headers) &&
        d.gzipped.size() > 0) {
      headers.set("Content-Encoding", "gzip");
      d.body = {d.gzipped};
    }
    h->answered(d.status, http::body_size(d.body), deps_.core.clock().monotonic());
    return h->exchange->respond(d.status, std::move(headers), std::move(d.body));
  }
  // Inside a served group version an unknown name is the API's own answer; elsewhere it is plain text.
  if (h->info.is_resource) return fail(h, no_such_resource());
  http::Headers headers;
  headers.add("Content-Type", "text/plain; charset=utf-8");
  headers.add("X-Content-Type-Options", "nosniff");
  headers.add("Audit-Id", h->audit_id);
  h->exchange->respond(404, std::move(headers), {http::Slice("404 page not found\n")});
}

}  // namespace mizzen::apiserver
