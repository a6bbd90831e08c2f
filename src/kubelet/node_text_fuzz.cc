// Text that containers, users and the machine hand to a node: log files, resolv.conf, image names, queries
// for logs.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include "http/message/url.h"
#include "kubelet/config/name_resolution.h"
#include "kubelet/images/image_puller.h"
#include "kubelet/logs/log_file.h"
#include "kubelet/logs/log_request.h"
#include "kubelet/logs/log_rotation.h"

namespace {

using namespace mizzen;
using namespace mizzen::kubelet;

void read_log(std::string_view text, const LogOptions& options) {
  const linux::Fd fd(::memfd_create("log", MFD_CLOEXEC));
  if (!fd.valid() || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return;
  auto file = LogFile::open("/proc/self/fd/" + std::to_string(fd.get()), options);
  if (!file.ok()) return;
  size_t total = 0;
  for (auto more = file->next(); more.ok() && !more->empty(); more = file->next()) total += more->size();
  // Each line is a space, a time and a stream longer than its text; timestamps grow to nine digits.
  if (total > 2 * text.size() + 16) std::abort();
  if (options.limit_bytes && total > static_cast<size_t>(*options.limit_bytes)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
  LogOptions options;
  options.timestamps = (data[0] & 1) != 0;
  if (data[0] & 2) options.tail_lines = data[1];
  if (data[0] & 4) options.limit_bytes = 1 + data[1];
  if (data[0] & 8) options.since = codec::Time{data[1], 0};
  read_log(text, options);
  const auto conf = parse_resolv_conf(text);
  Pod pod;
  const auto dns = pod_dns(pod, {{"10.96.0.10"}, "cluster.local"}, conf);
  if (dns.conf.servers.size() > 3 || dns.conf.searches.size() > 32) std::abort();
  const std::string image(text);
  const auto tagged = with_default_tag(image);
  if (!tagged.empty() && with_default_tag(tagged) != tagged) std::abort();
  (void)key_matches(text.substr(0, text.size() / 2), image.substr(image.size() / 2));
  if (const auto query = http::Query::parse(image); query.ok())
    (void)parse_log_request(*query, WallTime()).ok();
  const auto plan = plan_rotation("0.log", {"0.log." + image, image, "0.log.20260101-000000"}, data[1]);
  if (plan.remove.size() + plan.compress.size() > 3) std::abort();
  return 0;
}
