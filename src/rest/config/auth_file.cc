#include "rest/config/auth_file.h"

#include "base/file.h"
#include "codec/json/tree.h"
#include "rest/config/kubeconfig.h"

namespace mizzen::rest {
namespace {

using codec::Value;

struct Field {
  const char* old;
  const char* now;
  bool of_cluster = false;
};
constexpr Field kFields[] = {{"User", "username"},
                             {"Password", "password"},
                             {"CertFile", "client-certificate"},
                             {"KeyFile", "client-key"},
                             {"BearerToken", "token"},
                             {"CAFile", "certificate-authority", true},
                             {"Insecure", "insecure-skip-tls-verify", true}};

Value named(const char* kind, Value content) {
  Value entry = Value::object();
  entry["name"] = Value::string("here");
  entry[kind] = std::move(content);
  Value list = Value::array();
  list.items().push_back(std::move(entry));
  return list;
}

}  // namespace

Result<RestConfig> load_auth_file(const std::string& servers, const std::string& path) {
  Value cluster = Value::object(), user = Value::object(), context = Value::object();
  cluster["server"] = Value::string(servers.substr(0, servers.find(',')));
  if (!path.empty()) {
    MZ_ASSIGN(const std::string text, read_file(path));
    MZ_ASSIGN(const Value file, Value::parse(text));
    if (!file.is_object()) return Error(Code::BadRequest, path + ": an object is wanted");
    for (const Field& field : kFields)
      if (const Value* said = file.find(field.old); said && !said->is_null())
        (field.of_cluster ? cluster : user)[field.now] = *said;
  }
  context["cluster"] = Value::string("here");
  context["user"] = Value::string("here");
  Value config = Value::object();
  config["apiVersion"] = Value::string("v1");
  config["kind"] = Value::string("Config");
  config["current-context"] = Value::string("here");
  config["contexts"] = named("context", std::move(context));
  config["clusters"] = named("cluster", std::move(cluster));
  config["users"] = named("user", std::move(user));
  const size_t slash = path.rfind('/');
  return read_kubeconfig(config.str(), slash == std::string::npos ? "." : path.substr(0, slash));
}

}  // namespace mizzen::rest
