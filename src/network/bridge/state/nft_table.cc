#include "network/bridge/state/nft_table.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "codec/json/tree.h"

namespace mizzen::network {
namespace {

using codec::Value;

std::string text_at(const Value& object, std::string_view key) {
  const Value* v = object.find(key);
  return v ? v->text() : std::string();
}

/// Types and elements of several parts: a list, a {"concat": list}, a text that already has its dots, or one
/// part.
std::string joined(const Value* v) {
  if (!v) return {};
  if (const Value* parts = v->is_object() ? v->find("concat") : v; parts && parts->is_array()) {
    std::vector<std::string> out;
    for (const Value& part : parts->items()) out.push_back(part.text());
    return join(out, " . ");
  }
  return v->text();
}

NftMap map_of(const Value& v) {
  NftMap out{.key_type = joined(v.find("type")), .value_type = joined(v.find("map")), .elements = {}};
  const Value* elements = v.find("elem");
  if (!elements || !elements->is_array()) return out;
  for (const Value& e : elements->items()) {
    const bool pair = e.is_array() && e.items().size() == 2;
    out.elements[pair ? joined(&e.items()[0]) : joined(&e)] = pair ? joined(&e.items()[1]) : std::string();
  }
  return out;
}

/// "MAP { KEY : VALUE }" as commands name it.
std::string element(const std::string& map, const std::string& key, const std::string& value) {
  return value.empty() ? fmt::format("{} {{ {} }}", map, key)
                       : fmt::format("{} {{ {} : {} }}", map, key, value);
}

/// Writes the commands, in an order in which the kernel accepts them.
class Writer {
 public:
  Writer(const std::string& table, const NftTable& desired, const NftTable& actual)
      : table_(table), desired_(desired), actual_(actual) {}

  std::string write() {
    // A map that is made anew, or goes, is named by no rule meanwhile.
    bool all_chains = false;
    for (const auto& [name, map] : actual_.maps) all_chains = all_chains || replaced(name, map);
    for (const auto& [name, chain] : actual_.chains) {
      const auto wanted = desired_.chains.find(name);
      if (all_chains || wanted == desired_.chains.end() || wanted->second != chain) empty_.push_back(name);
    }
    for (const auto& name : empty_) say("flush chain", name);
    for (const auto& name : empty_) {
      const auto wanted = desired_.chains.find(name);
      if (wanted == desired_.chains.end() || !same_hook(wanted->second, actual_.chains.at(name)))
        say("delete chain", name);
    }
    write_maps();
    write_chains(all_chains);
    return std::move(out_);
  }

 private:
  static bool same_hook(const NftChain& a, const NftChain& b) {
    return a.type == b.type && a.hook == b.hook && a.priority == b.priority;
  }
  bool replaced(const std::string& name, const NftMap& actual) const {
    const auto wanted = desired_.maps.find(name);
    return wanted == desired_.maps.end() || wanted->second.key_type != actual.key_type ||
           wanted->second.value_type != actual.value_type;
  }
  void say(std::string_view verb, std::string_view what) {
    const auto space = verb.find(' ');
    out_ += fmt::format("{} {} ip {} {}\n", verb.substr(0, space), verb.substr(space + 1), table_, what);
  }

  void write_maps() {
    static const NftMap none;
    for (const auto& [name, map] : actual_.maps)
      if (replaced(name, map)) say(map.value_type.empty() ? "delete set" : "delete map", name);
    for (const auto& [name, map] : desired_.maps) {
      const auto found = actual_.maps.find(name);
      const bool fresh = found == actual_.maps.end() || replaced(name, found->second);
      if (fresh && map.value_type.empty())
        say("add set", fmt::format("{} {{ type {} ; }}", name, map.key_type));
      else if (fresh)
        say("add map", fmt::format("{} {{ type {} : {} ; }}", name, map.key_type, map.value_type));
      write_elements(name, map, fresh ? none : found->second);
    }
  }

  /// Deleting goes by the key alone, so an element that leads elsewhere is taken away first.
  void write_elements(const std::string& name, const NftMap& desired, const NftMap& actual) {
    const auto is_in = [](const NftMap& map, const auto& e) {
      const auto found = map.elements.find(e.first);
      return found != map.elements.end() && found->second == e.second;
    };
    for (const auto& e : actual.elements)
      if (!is_in(desired, e)) say("delete element", element(name, e.first, {}));
    for (const auto& e : desired.elements)
      if (!is_in(actual, e)) say("add element", element(name, e.first, e.second));
  }

  void write_chains(bool all) {
    for (const auto& [name, chain] : desired_.chains) {
      const auto found = actual_.chains.find(name);
      if (!all && found != actual_.chains.end() && found->second == chain) continue;
      if (found == actual_.chains.end() || !same_hook(found->second, chain))
        say("add chain", fmt::format("{} {{ type {} hook {} priority {} ; }}", name, chain.type, chain.hook,
                                     chain.priority));
      for (const NftRule& rule : chain.rules)
        say("add rule", fmt::format("{} {} comment \"{}\"", name, rule.text, rule.mark));
    }
  }

  const std::string& table_;
  const NftTable& desired_;
  const NftTable& actual_;
  std::vector<std::string> empty_;
  std::string out_;
};

}  // namespace

NftRule nft_rule(std::string text) {
  uint64_t hash = 1469598103934665603ull;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211ull;
  return {fmt::format("mz-{:016x}", hash), std::move(text)};
}

std::string nft_changes(const std::string& table, const NftTable& desired,
                        const std::optional<NftTable>& actual) {
  std::string out;
  // Added first, deleting cannot fail; so what could not be listed is replaced all the same.
  if (!actual) out = fmt::format("add table ip {0}\ndelete table ip {0}\nadd table ip {0}\n", table);
  static const NftTable nothing;
  return out + Writer(table, desired, actual ? *actual : nothing).write();
}

Result<NftTable> parse_nft_listing(std::string_view json) {
  MZ_ASSIGN(const auto document, Value::parse(json));
  const Value* list = document.find("nftables");
  if (!list || !list->is_array()) return Error(Code::BadRequest, "not a listing of nftables");
  NftTable out;
  for (const Value& item : list->items()) {
    if (!item.is_object() || item.members().size() != 1) continue;
    const auto& [kind, v] = item.members().front();
    const std::string name = text_at(v, "name");
    if (kind == "map" || kind == "set") {
      out.maps[name] = map_of(v);
    } else if (kind == "chain") {
      auto& chain = out.chains[name];
      chain.type = text_at(v, "type");
      chain.hook = text_at(v, "hook");
      chain.priority = parse_int<int>(text_at(v, "prio")).value_or(0);
    } else if (kind == "rule") {
      out.chains[text_at(v, "chain")].rules.push_back({text_at(v, "comment"), {}});
    }
  }
  return out;
}

}  // namespace mizzen::network
