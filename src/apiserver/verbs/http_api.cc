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

using api::Verb;

constexpr size_t kAuditIdMax = 64;
/// Writes of objects up to this size are evaluated on the loop: less than a tenth of a millisecond mostly,
/// where a worker would cost two changes of thread.
constexpr size_t kQuickBytesMax = 16 * 1024;
/// How long a request waits for the cache to show what was asked for.
constexpr Duration kFreshMax = std::chrono::seconds(3);

/// Old clients of a version that is on its way out are told so, as upstream does.
void warn_deprecated(const HandlingPtr& h) {
  if (h->view.version && !h->view.version->warning.empty())
    h->context->warnings.emplace_back(h->view.version->warning);
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

}  // namespace

HttpApi::HttpApi(Deps deps, const std::string& external_address)
    : deps_(deps), request_metrics_(deps.metrics), documented_(std::make_shared<const api::Registry>()) {
  following_ = deps.core.resources().follow([this, external_address](const api::RegistryPtr& now) {
    documents_.store(make_documents(now, external_address, deps_.core.token_keys()));
    for (const api::ResourcePtr& gone : api::difference(*documented_, *now).removed)
      request_metrics_.forget(*gone);
    documented_ = now;
  });
}

HttpApi::~HttpApi() = default;

void Handling::answered(int code, size_t bytes, Monotonic now) {
  running.reset();
  RequestMetrics* counting = std::exchange(metrics, nullptr);
  if (counting) counting->finished({view.resource.get(), view.version, labels, code, bytes, now - started});
}

void HttpApi::handle(http::ExchangePtr exchange) {
  auto h = std::make_shared<Handling>();
  h->exchange = std::move(exchange);
  h->context = std::make_shared<RequestContext>();
  const http::Request& request = h->exchange->request();
  h->info.path = request.path;
  h->started = deps_.core.clock().monotonic();
  const std::string_view audit = request.headers.get("Audit-ID");
  h->context->audit_id =
      audit.empty() ? uuid(deps_.core.random()) : std::string(audit.substr(0, kAuditIdMax));
  h->view.now = deps_.core.clock().wall();
  auto query = http::Query::parse(request.query);
  if (!query.ok()) return fail(h, query.error());
  h->query = std::move(*query);
  auto user = deps_.authenticator.authenticate(request);
  if (!user.ok()) return fail(h, user.error());
  h->context->user = std::move(*user);
  route(h);
}

void HttpApi::route(const HandlingPtr& h) {
  const http::Request& request = h->exchange->request();
  auto segments = request.path == "/" ? Result<std::vector<std::string>>(std::vector<std::string>())
                                      : http::split_path(request.path);
  if (!segments.ok()) return fail(h, segments.error());
  std::string path = request.path;
  if (auto old = old_request(request.method, *segments, h->query)) {
    h->old = old->kind;
    h->query = std::move(old->query);
    segments = std::move(old->segments);
    path = std::move(old->path);
  }
  const bool watch = h->query.has("watch") && h->query.flag("watch");
  h->info = auth::parse_request(request.method, path, *segments, watch);
  if (const auto allowed = auth::authorize(deps_.authorizer, h->context->user, h->info); !allowed.ok())
    return fail(h, allowed.error());
  if (!h->info.is_resource || h->info.resource.empty()) return route_document(h, *segments);
  route_resource(h);
}

void HttpApi::route_resource(const HandlingPtr& h) {
  const auth::RequestInfo& info = h->info;
  const api::ServedVersion* version = nullptr;
  const ServingPtr serving = deps_.core.serving();
  const api::ResourceInfo* resource =
      serving->registry->find(info.group, info.version, info.resource, &version);
  if (!resource || (info.prefix == "api") != info.group.empty()) return fail(h, no_such_resource());
  h->view.resource = resource->share();
  h->view.version = version;
  h->metrics = &request_metrics_;
  h->store = serving->find(*resource);
  RequestContext& context = *h->context;
  context.verb = info.verb;
  context.resource = h->view.resource;
  context.namespace_ = resource->namespaced ? info.namespace_ : "";
  context.name = info.name;
  context.api_version = version->api_version();
  if (!info.subresource.empty()) context.subresource = resource->find_subresource(info.subresource);
  if (resource->answered_as) context.subresource = &api::subresource_row(*resource->answered_as);
  if (prepare(h)) dispatch(h);
}

bool HttpApi::prepare(const HandlingPtr& h) {
  const auth::RequestInfo& info = h->info;
  const http::Request& request = h->exchange->request();
  const api::SubresourceRow* sub = h->context->subresource;
  const bool connects = sub && sub->connects();
  const bool watch = info.verb == Verb::Watch;
  auto media = negotiate(request.headers, h->query.flag("pretty") && h->query.has("pretty"), watch,
                         info.name.empty() && (info.verb == Verb::List || watch));
  h->labels = request_labels(request.method, info, h->query, request.headers, info.path);
  // Sessions and logs answer with bytes of their own: what Accept says matters to their errors alone.
  if (!media.ok() && !connects) return fail(h, media.error()), false;
  if (media.ok()) h->view.media = std::move(*media);
  if (h->old && !connects) {
    // Its clients knew one form. Whole lists, not streams: the answer is made of all of it.
    h->view.media = {.format = Format::Json, .pretty = true};
    if (watch || info.verb == Verb::Patch) return fail(h, no_such_method()), false;
  }
  if (!connects && !watch) h->running = request_metrics_.in_flight(api::is_write(info.verb));
  if (h->query.has("includeObject")) {
    std::string& wanted = h->view.include_object;
    wanted = h->query.get("includeObject");
    if (wanted != "None" && wanted != "Metadata" && wanted != "Object")
      return fail(h, Error(Code::BadRequest,
                           fmt::format("Unable to convert to Table as requested: includeObject: Invalid "
                                       "value: {}: must be 'Metadata', 'Object', 'None', or empty",
                                       quote(wanted)))),
             false;
  }
  warn_deprecated(h);
  return true;
}

void HttpApi::dispatch(const HandlingPtr& h) {
  const auth::RequestInfo& info = h->info;
  const api::ResourceInfo& resource = *h->view.resource;
  const api::SubresourceRow* sub = h->context->subresource;
  const Verb verb = info.verb;
  if (!info.subresource.empty() && !resource.find_subresource(info.subresource))
    return fail(h, no_such_resource());
  // Names of namespaced things need a namespace; cluster-wide things have none.
  const bool across = verb == Verb::List || verb == Verb::Watch || !resource.stored();
  if (resource.namespaced && info.namespace_.empty() && !across)
    return fail(h, info.name.empty() ? no_such_method() : no_such_resource());
  if (!resource.namespaced && !info.namespace_.empty() && info.resource != "namespaces")
    return fail(h, no_such_resource());
  if (sub && sub->handled == api::Handled::Proxy) return proxy(h);
  if (!(sub ? sub->allows(verb) : resource.allows(verb))) return fail(h, no_such_method());
  // Paths of old watches say so whatever the method.
  if (verb == Verb::Watch && info.method != "get") return fail(h, no_such_method());
  // Collections are created in and deleted, single objects are the rest of it.
  const bool named = !info.name.empty();
  if (!sub && verb == Verb::Create && named) return fail(h, no_such_method());
  if (!resource.stored() && named) return fail(h, no_such_method());
  if (!sub && (verb == Verb::Update || verb == Verb::Patch) && !named) return fail(h, no_such_method());
  if (sub && sub->handled == api::Handled::Session)
    return h->exchange->read_body(kBodyBytesMax, [this, h](Result<std::string> body) {
      if (!body.ok()) return fail(h, body.error());
      blocking(h, [this, h] { session(h); });
    });
  if (api::is_write(verb) || (sub && sub->handled == api::Handled::Part)) return write(h);
  if (verb == Verb::Get) return get(h);
  if (verb == Verb::List) return list(h);
  watch(h);
}

void HttpApi::write(const HandlingPtr& h) {
  h->context->stop = h->exchange->gone();
  h->exchange->read_body(kBodyBytesMax, [this, h](Result<std::string> body) {
    if (!body.ok()) {
      if (body.error().code() == Code::RequestEntityTooLarge)
        return fail(h, Error(Code::RequestEntityTooLarge,
                             fmt::format("Request entity too large: limit is {}", kBodyBytesMax)));
      return fail(h, body.error());
    }
    if (is_quick(*h, *body)) return write_body(h, std::move(*body));
    blocking(h, [this, h, text = std::move(*body)]() mutable { write_body(h, std::move(text)); });
  });
}

bool HttpApi::is_quick(const Handling& h, const std::string& body) const {
  if (h.context->subresource && h.context->subresource->handled == api::Handled::Part) return false;
  if (!h.store || h.info.verb == Verb::DeleteCollection || h.store->blocks() || body.size() > kQuickBytesMax)
    return false;
  if (h.info.verb == Verb::Create || h.info.verb == Verb::Update) return true;
  const EntryPtr present = h.store->cache().find(entry_key(h.context->namespace_, h.context->name));
  return !present || present->wire().size() <= kQuickBytesMax;
}

bool HttpApi::read_old(const HandlingPtr& h, std::string& body) {
  std::string stored;
  if (h->info.verb == Verb::Update && h->store) {
    const EntryPtr entry = h->store->cache().find(entry_key(h->context->namespace_, h->context->name));
    if (!entry) return fail(h, h->store->not_found(h->context->name)), false;
    for (const http::Slice& slice : encode_entry(h->view, *entry)) stored += slice.view();
  }
  std::vector<std::string> unknown;
  auto now = body_of_old(*h->old, h->info.verb, body, stored, unknown);
  if (!now.ok()) return fail(h, now.error()), false;
  for (const std::string& field : unknown)
    h->context->warnings.emplace_back(fmt::format("unknown field {}", quote(field)));
  body = std::move(*now);
  return true;
}

void HttpApi::write_body(const HandlingPtr& h, std::string body) {
  if (h->old && !read_old(h, body)) return;
  const api::SubresourceRow* sub = h->context->subresource;
  if (sub && sub->handled == api::Handled::Part) return part(h, body);
  switch (h->info.verb) {
    case Verb::Create:
      return create(h, std::move(body));
    case Verb::Update:
      return update(h, std::move(body));
    case Verb::Patch:
      return patch(h, std::move(body));
    case Verb::Delete:
      return remove(h, std::move(body));
    case Verb::DeleteCollection:
      return remove_collection(h, std::move(body));
    case Verb::None:
    case Verb::Get:
    case Verb::List:
    case Verb::Watch:
      return fail(h, no_such_method());
  }
}

void HttpApi::post(const HandlingPtr& h, std::function<void()> f) {
  h->exchange->loop().post([f = std::move(f), token = answers_.begin()]() mutable {
    f();
    f = nullptr;  // what it holds goes before the token says that nothing is under way
  });
}

void HttpApi::on_loop(const HandlingPtr& h, std::function<void()> f) {
  h->exchange->loop().on_thread() ? f() : post(h, std::move(f));
}

void HttpApi::blocking(const HandlingPtr& h, std::function<void()> f) {
  if (deps_.workers.post(std::move(f))) return;
  ErrorDetails details;
  details.retry_after_seconds = 1;
  fail(h, Error(Code::TooManyRequests, "Too many requests, please try again later.", std::move(details)));
}

void HttpApi::when_newest(const HandlingPtr& h, std::function<void()> f) {
  deps_.core.store().ask_revision(
      Deadline::after(kFreshMax, deps_.core.clock()),
      [this, h, f = std::move(f), token = answers_.begin()](const Result<store::Revision>& now) mutable {
        now.ok() ? when_fresh(h, now->get(), std::move(f)) : fail(h, now.error());
      });
}

void HttpApi::when_fresh(const HandlingPtr& h, int64_t revision, std::function<void()> f) {
  h->store->cache().when_reached(revision, Deadline::after(kFreshMax, deps_.core.clock()),
                                 [this, h, f = std::move(f)](const Result<void>& reached) mutable {
                                   reached.ok() ? on_loop(h, std::move(f)) : fail(h, reached.error());
                                 });
}

http::Headers HttpApi::answer_headers(const Handling& h, std::string_view content_type) {
  http::Headers headers;
  headers.add("Audit-Id", h.context->audit_id);
  headers.add("Cache-Control", "no-cache, private");
  headers.add("Content-Type", std::string(content_type));
  size_t warned = 0;
  for (const std::string& w : h.context->warnings) {
    if ((warned += w.size()) > 4096) break;
    headers.add("Warning", warning_header(w));
  }
  return headers;
}

void HttpApi::respond(const HandlingPtr& h, int status, http::Body body, std::string_view content_type) {
  http::Headers headers = answer_headers(*h, content_type);
  if (h->old && content_type == h->view.media.content_type()) body = answer_of_old(*h->old, std::move(body));
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
  headers.add("Audit-Id", h->context->audit_id);
  headers.add("Cache-Control", "no-cache, private");
  headers.add("Content-Type", std::string(media.content_type()));
  if (status.code == 403 || status.code == 401) headers.add("X-Content-Type-Options", "nosniff");
  for (const std::string& w : h->context->warnings) headers.add("Warning", warning_header(w));
  if (status.details && status.details->retryAfterSeconds > 0)
    headers.add("Retry-After", std::to_string(status.details->retryAfterSeconds));
  h->answered(status.code, 0, deps_.core.clock().monotonic());
  if (status.code >= 500)
    log::warn("apiserver", "request failed",
              {log::kv("verb", h->info.verb_text()), log::kv("path", h->info.path),
               log::kv("err", status.message)});
  h->exchange->respond(status.code, std::move(headers), {encode_status(status, media.format, media.pretty)});
}

void HttpApi::route_document(const HandlingPtr& h, const std::vector<std::string>& segments) {
  const std::string method = h->exchange->request().method;
  if (method != "GET" && method != "HEAD") return fail(h, no_such_method());
  const std::string first = segments.empty() ? "" : segments[0];
  h->labels = request_labels(method, h->info, h->query, h->exchange->request().headers, h->info.path);
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
      headers.add("Audit-Id", h->context->audit_id);
      h->answered(answer.status, answer.body.size(), deps_.core.clock().monotonic());
      h->exchange->respond(answer.status, std::move(headers), {http::Slice(answer.body)});
    };
    if (deps_.core.store().local()) return ask();
    return blocking(h, ask);
  }
  if (first == "metrics" && segments.size() == 1) {
    const auto tell = [this, h] {
      respond(h, 200, {http::Slice(deps_.metrics.text())}, "text/plain; version=0.0.4; charset=utf-8");
    };
    // One of them is the size of the store, which a store elsewhere has to be asked for.
    if (deps_.core.store().local()) return tell();
    return blocking(h, tell);
  }
  if (auto found = find_document(*documents_.load(), h->exchange->request(), segments)) {
    if (!found->ok()) return fail(h, found->error());
    Document& d = **found;
    http::Headers headers = std::move(d.headers);
    headers.set("Audit-Id", h->context->audit_id);
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
  headers.add("Audit-Id", h->context->audit_id);
  h->exchange->respond(404, std::move(headers), {http::Slice("404 page not found\n")});
}

}  // namespace mizzen::apiserver
