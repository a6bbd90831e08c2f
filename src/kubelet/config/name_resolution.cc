#include "kubelet/config/name_resolution.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace mizzen::kubelet {
namespace {

constexpr size_t kServersMax = 3;
constexpr size_t kSearchesMax = 32;
constexpr size_t kSearchCharactersMax = 2048;

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> out;
  for (const auto part : split(line, ' ')) {
    for (const auto word : split(part, '\t')) {
      if (!word.empty()) out.emplace_back(word);
    }
  }
  return out;
}

void append_new(std::vector<std::string>& list, const std::vector<std::string>& more) {
  for (const auto& item : more) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
  }
}

/// ndots:2 and ndots:5 are one option: the later value wins.
void merge_options(std::vector<std::string>& options, const Pod& pod) {
  for (const auto& option : pod.spec.dnsConfig->options) {
    const std::string text =
        option.value && !option.value->empty() ? option.name + ":" + *option.value : option.name;
    const auto same = std::find_if(options.begin(), options.end(), [&](const std::string& o) {
      return o.substr(0, o.find(':')) == option.name;
    });
    if (same != options.end()) {
      *same = text;
    } else {
      options.push_back(text);
    }
  }
}

void apply_limits(PodDns& out) {
  auto& c = out.conf;
  if (c.servers.size() > kServersMax) {
    c.servers.resize(kServersMax);
    out.forming_problems.push_back(
        fmt::format("Nameserver limits were exceeded, some nameservers have been omitted, the applied "
                    "nameserver line is: {}",
                    join(c.servers, " ")));
  }
  bool cut = c.searches.size() > kSearchesMax;
  if (cut) c.searches.resize(kSearchesMax);
  while (join(c.searches, " ").size() > kSearchCharactersMax) {
    c.searches.pop_back();
    cut = true;
  }
  if (cut) {
    out.forming_problems.push_back(
        fmt::format("Search Line limits were exceeded, some search paths have been omitted, the applied "
                    "search line is: {}",
                    join(c.searches, " ")));
  }
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf out;
  for (const auto line : split(text, '\n')) {
    const auto fields = words(trim(line));
    if (fields.size() < 2) continue;
    if (fields[0] == "nameserver") out.servers.push_back(fields[1]);
    if (fields[0] == "options") out.options.assign(fields.begin() + 1, fields.end());
    if (fields[0] != "search") continue;
    out.searches.clear();
    for (size_t i = 1; i < fields.size(); ++i) {
      std::string domain = fields[i];
      if (domain == ".") continue;
      if (domain.back() == '.') domain.pop_back();
      out.searches.push_back(std::move(domain));
    }
  }
  return out;
}

PodDns pod_dns(const Pod& pod, const ClusterDns& cluster, const ResolvConf& host) {
  PodDns out;
  const std::string policy = pod.spec.dnsPolicy.empty() ? "ClusterFirst" : pod.spec.dnsPolicy;
  const bool wants_cluster =
      (policy == "ClusterFirst" && !pod.spec.hostNetwork) || policy == "ClusterFirstWithHostNet";
  if (wants_cluster && !cluster.servers.empty()) {
    out.conf.servers = cluster.servers;
    if (!cluster.domain.empty()) {
      out.conf.searches = {fmt::format("{}.svc.{}", pod.metadata.namespace_, cluster.domain),
                           "svc." + cluster.domain, cluster.domain};
    }
    append_new(out.conf.searches, host.searches);
    out.conf.options = {"ndots:5"};
  } else if (policy != "None") {
    out.missing_cluster_dns = wants_cluster;
    out.conf = host;
  }
  if (pod.spec.dnsConfig) {
    append_new(out.conf.servers, pod.spec.dnsConfig->nameservers);
    append_new(out.conf.searches, pod.spec.dnsConfig->searches);
    merge_options(out.conf.options, pod);
  }
  apply_limits(out);
  return out;
}

std::string hosts_file(const Pod& pod, const std::vector<std::string>& ips, const std::string& cluster_domain,
                       std::string_view host_file) {
  std::string out;
  if (pod.spec.hostNetwork) {
    out = "# Kubernetes-managed hosts file (host network).\n" + std::string(host_file);
  } else {
    out =
        "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost "
        "ip6-loopback\nfe00::0\tip6-localnet\n"
        "fe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n";
    const auto host = pod_hostname(pod);
    const auto domain = pod_domain(pod, cluster_domain);
    for (const auto& ip : ips) {
      out += domain.empty() ? fmt::format("{}\t{}\n", ip, host)
                            : fmt::format("{0}\t{1}.{2}\t{1}\n", ip, host, domain);
    }
  }
  if (!pod.spec.hostAliases.empty()) {
    out += "\n# Entries added by HostAliases.\n";
    for (const auto& alias : pod.spec.hostAliases)
      out += fmt::format("{}\t{}\n", alias.ip, join(alias.hostnames, "\t"));
  }
  return out;
}

}  // namespace mizzen::kubelet
