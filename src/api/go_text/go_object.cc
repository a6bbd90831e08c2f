#include "api/go_text/go_object.h"

#include <algorithm>

#include "codec/json/json_codec.h"
#include "codec/json/json_text.h"
#include "codec/tables/access.h"

namespace mizzen::api {
namespace {

using codec::Field;
using codec::Message;
using codec::Shape;
using codec::Type;

struct Name {
  std::string_view message;  ///< empty: in all of them
  std::string_view json;
  std::string_view go;
};

/// Names that do not follow from JSON's by a capital letter.
constexpr Name kNames[] = {
    {"DeviceAttribute", "int", "IntValue"},
    {"DeviceAttribute", "bool", "BoolValue"},
    {"DeviceAttribute", "string", "StringValue"},
    {"DeviceAttribute", "version", "VersionValue"},
    {"DeviceAttribute", "ints", "IntValues"},
    {"DeviceAttribute", "bools", "BoolValues"},
    {"DeviceAttribute", "strings", "StringValues"},
    {"DeviceAttribute", "versions", "VersionValues"},
    {"RBDPersistentVolumeSource", "monitors", "CephMonitors"},
    {"RBDPersistentVolumeSource", "image", "RBDImage"},
    {"RBDPersistentVolumeSource", "pool", "RBDPool"},
    {"RBDPersistentVolumeSource", "user", "RadosUser"},
    {"GlusterfsPersistentVolumeSource", "endpoints", "EndpointsName"},
    {"AzureDiskVolumeSource", "diskURI", "DataDiskURI"},
    {"", "apiGroup", "APIGroup"},
    {"", "apiVersion", "APIVersion"},
    {"", "awsElasticBlockStore", "AWSElasticBlockStore"},
    {"", "cel", "CEL"},
    {"", "cephfs", "CephFS"},
    {"", "chapAuthDiscovery", "DiscoveryCHAPAuth"},
    {"", "chapAuthSession", "SessionCHAPAuth"},
    {"", "csi", "CSI"},
    {"", "fc", "FC"},
    {"", "fsType", "FSType"},
    {"", "gcePersistentDisk", "GCEPersistentDisk"},
    {"", "ips", "IPs"},
    {"", "iqn", "IQN"},
    {"", "iscsi", "ISCSI"},
    {"", "iscsiInterface", "ISCSIInterface"},
    {"", "nfs", "NFS"},
    {"", "pdName", "PDName"},
    {"", "rbd", "RBD"},
    {"", "sslEnabled", "SSLEnabled"},
    {"", "storageos", "StorageOS"},
    {"", "uid", "UID"},
    {"", "wwids", "WWIDs"},
};

/// Sources of volumes stand there in another order than in the API.
constexpr std::string_view kSources[] = {"gcePersistentDisk",
                                         "awsElasticBlockStore",
                                         "hostPath",
                                         "glusterfs",
                                         "nfs",
                                         "rbd",
                                         "quobyte",
                                         "iscsi",
                                         "flexVolume",
                                         "cinder",
                                         "cephfs",
                                         "fc",
                                         "flocker",
                                         "azureFile",
                                         "vsphereVolume",
                                         "azureDisk",
                                         "photonPersistentDisk",
                                         "portworxVolume",
                                         "scaleIO",
                                         "local",
                                         "storageos",
                                         "csi"};

std::vector<const Field*> fields_of(const Message& m) {
  std::vector<const Field*> out;
  for (const Field& f : m.json) out.push_back(&f);
  if (m.name != "PersistentVolumeSource" && m.name != "PersistentVolumeSpec") return out;
  const auto place = [](const Field* f) {
    return std::find(std::begin(kSources), std::end(kSources), f->json) - std::begin(kSources);
  };
  const auto is_source = [&](const Field* f) { return place(f) < std::ssize(kSources); };
  const auto begin = std::find_if(out.begin(), out.end(), is_source);
  const auto end = std::find_if_not(begin, out.end(), is_source);
  std::sort(begin, end, [&](const Field* a, const Field* b) { return place(a) < place(b); });
  return out;
}

std::string go_name(const Message& m, const Field& f) {
  for (const Name& n : kNames)
    if (n.json == f.json && (n.message.empty() || n.message == m.name)) return std::string(n.go);
  std::string out(f.json);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out;
}

void write_object(std::string& out, const Message& m, const void* object);

void write_value(std::string& out, const Field& f, const void* v) {
  switch (f.type) {
    case Type::Bool:
      out += codec::as<bool>(v) ? "true" : "false";
      return;
    case Type::Int32:
      out += std::to_string(codec::as<int32_t>(v));
      return;
    case Type::Int64:
      out += std::to_string(codec::as<int64_t>(v));
      return;
    case Type::String:
      codec::append_json_string(out, codec::as<std::string>(v));
      return;
    case Type::Message:
      return write_object(out, *f.message, v);
    case Type::Time: {
      const auto& t = codec::as<codec::Time>(v);
      out += t.is_set() ? "\"" + codec::format_time(t) + "\"" : "null";
      return;
    }
    case Type::Quantity:
      codec::append_json_string(out, codec::as<codec::Quantity>(v).text());
      return;
    case Type::IntOrString: {
      const auto& value = codec::as<codec::IntOrString>(v);
      if (value.is_string) return codec::append_json_string(out, value.text);
      out += std::to_string(value.number);
      return;
    }
    case Type::RawJson: {
      const auto& raw = codec::as<codec::RawJson>(v);
      out += raw.text.empty() ? "null" : raw.text;
      return;
    }
    default:
      out += "null";  // no kind whose objects are printed has such a field
  }
}

void write_field(std::string& out, const Field& f, const void* p) {
  if (f.shape == Shape::Value) return write_value(out, f, p);
  if (f.shape == Shape::Optional) {
    const void* v = codec::optional_get(f, p);
    if (!v) {
      out += "null";
      return;
    }
    return write_value(out, f, v);
  }
  const bool list = f.shape == Shape::List;
  const size_t n = list ? f.list->size(p) : f.map->size(p);
  if (n == 0) {
    out += "null";
    return;
  }
  out += list ? '[' : '{';
  for (size_t i = 0; i < n; ++i) {
    if (i) out += ',';
    if (!list) {
      codec::append_json_string(out, *f.map->key(p, i));
      out += ':';
    }
    write_value(out, f, list ? f.list->at(p, i) : f.map->value(p, i));
  }
  out += list ? ']' : '}';
}

void write_object(std::string& out, const Message& m, const void* object) {
  // What is the same in all versions has tags upstream too.
  if (m.package == "meta.v1") return codec::encode_json(out, m, object);
  out += '{';
  bool first = true;
  for (const Field* field : fields_of(m)) {
    const Field& f = *field;
    std::string inner;
    // Metadata is embedded there: its fields stand in the enclosing object.
    if (f.type == Type::Message && f.message->name == "ObjectMeta") {
      codec::encode_json(inner, *f.message, codec::member(object, f));
      inner = inner.substr(1, inner.size() - 2);
      if (inner.empty()) continue;
    }
    if (!first) out += ',';
    first = false;
    if (!inner.empty()) {
      out += inner;
      continue;
    }
    out += '"' + go_name(m, f) + "\":";
    write_field(out, f, codec::member(object, f));
  }
  out += '}';
}

}  // namespace

std::string go_object(const Message& message, const void* object) {
  std::string out;
  write_object(out, message, object);
  return out;
}

}  // namespace mizzen::api
