#include "network/journal/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "base/strings.h"
#include "codec/json/tree.h"

namespace mizzen::network {
namespace {

using codec::Value;

constexpr size_t kBytesMax = 64u << 20;

std::string text_at(const Value& object, std::string_view key) {
  const Value* v = object.find(key);
  return v && v->is_string() ? v->text() : std::string();
}
template <typename T>
T number_at(const Value& object, std::string_view key) {
  const Value* v = object.find(key);
  return v && v->is_number() ? parse_int<T>(v->text()).value_or(0) : 0;
}
const std::vector<Value>& items_at(const Value& object, std::string_view key) {
  static const std::vector<Value> none;
  const Value* v = object.find(key);
  return v && v->is_array() ? v->items() : none;
}

Value key_value(const AttachmentKey& key) {
  Value out = Value::object();
  out["container"] = Value::string(key.container_id);
  out["interface"] = Value::string(key.interface);
  return out;
}

AttachmentKey key_of(const Value& v) { return {text_at(v, "container"), text_at(v, "interface")}; }

std::string add_line(const PodAttachment& pod) {
  Value v = key_value(pod.key);
  v["pod"] = Value::string(pod.pod);
  v["namespace"] = Value::string(pod.network_namespace);
  v["device"] = Value::number(std::to_string(pod.space.device));
  v["inode"] = Value::number(std::to_string(pod.space.inode));
  v["link"] = Value::string(pod.host_interface);
  v["mac"] = Value::string(pod.mac);
  v["addresses"] = Value::array();
  for (const auto& a : pod.addresses) {
    Value address = Value::object();
    address["address"] = Value::string(a.address);
    address["bits"] = Value::integer(a.bits);
    address["gateway"] = Value::string(a.gateway);
    v["addresses"].items().push_back(std::move(address));
  }
  v["ports"] = Value::array();
  for (const auto& p : pod.ports) {
    Value port = Value::object();
    port["protocol"] = Value::string(p.protocol);
    port["host"] = Value::integer(p.host_port);
    port["container"] = Value::integer(p.container_port);
    port["ip"] = Value::string(p.host_ip);
    v["ports"].items().push_back(std::move(port));
  }
  Value out = Value::object();
  out["add"] = std::move(v);
  return out.str() + "\n";
}

PodAttachment pod_of(const Value& v) {
  PodAttachment out{.key = key_of(v),
                    .pod = text_at(v, "pod"),
                    .network_namespace = text_at(v, "namespace"),
                    .space = {number_at<uint64_t>(v, "device"), number_at<uint64_t>(v, "inode")},
                    .host_interface = text_at(v, "link"),
                    .mac = text_at(v, "mac"),
                    .addresses = {},
                    .ports = {}};
  for (const Value& a : items_at(v, "addresses"))
    out.addresses.push_back({text_at(a, "address"), number_at<int>(a, "bits"), text_at(a, "gateway")});
  for (const Value& p : items_at(v, "ports"))
    out.ports.push_back({text_at(p, "protocol"), number_at<int>(p, "host"), number_at<int>(p, "container"),
                         text_at(p, "ip")});
  return out;
}

/// {"name":"text"}
std::string text_line(std::string_view name, const std::string& text) {
  Value out = Value::object();
  out[name] = Value::string(text);
  return out.str() + "\n";
}

void note_last(const PodAttachment& pod, Remembered& out) {
  const auto address = pod.addresses.empty() ? std::nullopt : parse_ipv4(pod.addresses.front().address);
  if (address) out.last = *address;
}

/// False where the line is none of ours.
bool read_line(std::string_view line, Remembered& out) {
  const auto v = Value::parse(line);
  if (!v.ok() || !v->is_object()) return false;
  if (const Value* added = v->find("add"); added && added->is_object()) {
    PodAttachment pod = pod_of(*added);
    if (pod.key.container_id.empty() || pod.host_interface.empty()) return false;
    note_last(pod, out);
    const auto key = pod.key;
    out.pods.insert_or_assign(key, std::move(pod));
    return true;
  }
  if (const auto last = parse_ipv4(text_at(*v, "last"))) {
    out.last = *last;
    return true;
  }
  const Value* removed = v->find("remove");
  if (!removed || !removed->is_object()) return false;
  out.pods.erase(key_of(*removed));
  return true;
}

}  // namespace

Remembered parse_journal(std::string_view text, std::string_view boot_id) {
  Remembered out;
  const size_t end = text.rfind('\n');
  if (end == std::string_view::npos) return out;
  bool head = true;
  for (const auto line : split(text.substr(0, end), '\n')) {
    if (!std::exchange(head, false)) {
      if (!read_line(line, out)) ++out.unreadable;
      continue;
    }
    const auto v = Value::parse(line);
    if (!v.ok() || !v->is_object() || text_at(*v, "boot") != boot_id) return out;
  }
  return out;
}

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path, const std::string& boot_id,
                                               Remembered& out) {
  const auto text = read_file(path, kBytesMax);
  if (!text.ok() && text.error().code() != Code::NotFound) return text.error();
  out = parse_journal(text.ok() ? std::string_view(*text) : std::string_view(), boot_id);
  std::unique_ptr<Journal> journal(new Journal(path, boot_id));
  Lock lock(journal->m_);
  journal->now_ = out;
  MZ_TRY(journal->rewrite());
  return journal;
}

Result<void> Journal::add(const PodAttachment& pod) {
  Lock lock(m_);
  MZ_TRY(append(add_line(pod)));
  note_last(pod, now_);
  now_.pods.insert_or_assign(pod.key, pod);
  return {};
}

Result<void> Journal::remove(const AttachmentKey& key) {
  Lock lock(m_);
  if (!now_.pods.contains(key)) return {};
  Value line = Value::object();
  line["remove"] = key_value(key);
  MZ_TRY(append(line.str() + "\n"));
  now_.pods.erase(key);
  if (lines_ <= 2 * now_.pods.size() + kSpareLines) return {};
  const auto shorter = rewrite();
  static_cast<void>(shorter);  // where it fails the longer file is as right, and the next one tries again
  return {};
}

Result<void> Journal::append(const std::string& line) {
  const off_t before = ::lseek(file_.get(), 0, SEEK_END);
  const ssize_t n = ::write(file_.get(), line.data(), line.size());
  if (n == static_cast<ssize_t>(line.size())) {
    ++lines_;
    return {};
  }
  const int why = n < 0 ? errno : ENOSPC;
  if (::ftruncate(file_.get(), before) != 0) return system_error("mend " + path_, errno);
  return system_error("write " + path_, why);
}

Result<void> Journal::rewrite() {
  std::string text = text_line("boot", boot_id_);
  for (const auto& [key, pod] : now_.pods) text += add_line(pod);
  text += text_line("last", format_ipv4(now_.last));
  const std::string beside = path_ + ".new";
  linux::Fd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  if (!file.valid()) return system_error("create " + beside, errno);
  const ssize_t n = ::write(file.get(), text.data(), text.size());
  if (n != static_cast<ssize_t>(text.size())) return system_error("write " + beside, n < 0 ? errno : ENOSPC);
  if (::rename(beside.c_str(), path_.c_str()) != 0) return system_error("rename " + beside, errno);
  file_ = std::move(file);
  lines_ = now_.pods.size() + 2;
  return {};
}

}  // namespace mizzen::network
