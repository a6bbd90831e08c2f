// What hostile input costs the decoders and patches: four times the input takes about four times the work.
// Work is CPU time, the least of several runs, compared with itself: quadratic work would be sixteen times as
// much.
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <functional>

#include "codec/json/json_codec.h"
#include "codec/json/tree.h"
#include "codec/proto/proto_codec.h"
#include "codec/yaml/yaml.h"
#include "machinery/patch/patch.h"
#include "machinery/schema/meta/v1/partial_object_metadata.h"

namespace mizzen::machinery {
namespace {

using Metadata = meta::v1::PartialObjectMetadata;

constexpr size_t kItems = 3'000;
constexpr int kRuns = 3;
constexpr double kGrowthMax = 11;  // of four times the input; 4 is linear, 16 quadratic
constexpr double kLeast = 0.002;   // seconds below which nothing is compared

std::string repeated(size_t n, const std::function<std::string(size_t)>& item, const char* separator = ",") {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += (i ? separator : "") + item(i);
  return out;
}
std::string key(size_t i) { return "k" + std::to_string(1'000'000 + i); }
std::string member(size_t i) { return "\"" + key(i) + "\":\"\""; }
std::string labels(const std::string& members) { return "{\"metadata\":{\"labels\":{" + members + "}}}"; }
/// All of 0..n-1, no two neighbours near each other.
size_t scattered(size_t i, size_t n) { return i * 7919 % n; }

void json(const std::string& text) {
  Metadata out;
  codec::DecodeReport report;
  (void)codec::decode_json(text, out.descriptor(), &out, nullptr, &report).ok();
}
void tree(const std::string& text) {
  codec::DecodeReport report;
  (void)codec::Value::parse(text, {}, &report).ok();
}
void yaml(const std::string& text) {
  codec::DecodeReport report;
  (void)codec::yaml_document_to_json(text, &report).ok();
}
void proto(const std::string& bytes) { (void)codec::from_proto<Metadata>(bytes).ok(); }

void length_delimited(std::string& out, uint32_t number, const std::string& bytes) {
  out += static_cast<char>(number << 3 | 2);
  size_t n = bytes.size();
  for (; n >= 128; n >>= 7) out += static_cast<char>((n & 127) | 128);
  out += static_cast<char>(n);
  out += bytes;
}
/// ObjectMeta with labels (field 11) or owner references (field 13) in the object's field 1.
std::string proto_of(uint32_t number, size_t n, const std::function<std::string(size_t)>& item) {
  std::string inner, out;
  for (size_t i = 0; i < n; ++i) length_delimited(inner, number, item(i));
  length_delimited(out, 1, inner);
  return out;
}

struct Case {
  const char* name;
  std::function<std::string(size_t)> input;
  std::function<void(const std::string&)> work;
};

codec::Value parsed(const std::string& text) { return std::move(*codec::Value::parse(text)); }

void merge(const std::string& patch) {
  codec::Value document = parsed("{\"metadata\":{\"labels\":{\"z\":\"1\"}}}");
  apply_merge_patch(document, parsed(patch));
  apply_merge_patch(document, parsed(patch));
}
void strategic(const std::string& patch) {
  codec::Value document =
      parsed("{\"metadata\":{\"finalizers\":[\"a\"],\"ownerReferences\":[{\"uid\":\"a\"}]}}");
  (void)apply_strategic_patch(document, parsed(patch), Metadata::descriptor()).ok();
  (void)apply_strategic_patch(document, parsed(patch), Metadata::descriptor()).ok();
}
void operations(const std::string& patch) {
  codec::Value document = parsed("{\"metadata\":{\"labels\":{}}}");
  (void)apply_json_patch(document, parsed(patch)).ok();
}

std::string owners(const std::string& items) {
  return "{\"metadata\":{\"ownerReferences\":[" + items + "]}}";
}

std::vector<Case> cases() {
  const auto down = [](size_t n) { return [n](size_t i) { return member(n - i); }; };
  const auto mixed = [](size_t n) { return [n](size_t i) { return member(scattered(i, n)); }; };
  const auto lines = [](size_t n, const std::function<std::string(size_t)>& line) {
    return "metadata:\n  labels:\n" + repeated(n, line, "");
  };
  const auto entry = [](size_t i) {
    std::string out;
    length_delimited(out, 1, key(i));
    length_delimited(out, 2, "");
    return out;
  };
  return {
      {"JSON, descending keys", [=](size_t n) { return labels(repeated(n, down(n))); }, json},
      {"JSON, scattered keys", [=](size_t n) { return labels(repeated(n, mixed(n))); }, json},
      {"JSON, one key", [](size_t n) { return labels(repeated(n, [](size_t) { return member(1); })); }, json},
      {"JSON, the map again and again",
       [](size_t n) {
         return "{\"metadata\":{" + repeated(n, [](size_t i) { return "\"labels\":{" + member(i) + "}"; }) +
                "}}";
       },
       json},
      {"JSON, empty elements", [](size_t n) { return owners(repeated(n, [](size_t) { return "{}"; })); },
       json},
      {"JSON, unknown fields", [](size_t n) { return "{" + repeated(n, member) + "}"; }, json},
      {"JSON, wrong values", [](size_t n) { return owners(repeated(n, [](size_t) { return "5"; })); }, json},
      {"JSON, depth", [](size_t n) { return "{\"x\":" + std::string(n, '[') + std::string(n, ']') + "}"; },
       json},
      {"JSON, escapes",
       [](size_t n) { return "{\"x\":\"" + repeated(n, [](size_t) { return "\\u00e9"; }, "") + "\"}"; },
       json},
      {"tree, descending keys", [=](size_t n) { return "{" + repeated(n, down(n)) + "}"; }, tree},
      {"tree, scattered keys", [=](size_t n) { return "{" + repeated(n, mixed(n)) + "}"; }, tree},
      {"tree, one key", [](size_t n) { return "{" + repeated(n, [](size_t) { return member(1); }) + "}"; },
       tree},
      {"tree, empty elements", [](size_t n) { return "[" + repeated(n, [](size_t) { return "{}"; }) + "]"; },
       tree},
      {"YAML, descending keys",
       [=](size_t n) { return lines(n, [n](size_t i) { return "    " + key(n - i) + ": ''\n"; }); }, yaml},
      {"YAML, one key", [=](size_t n) { return lines(n, [](size_t) { return "    k: ''\n"; }); }, yaml},
      {"YAML, aliases",
       [](size_t n) { return "a: &a [x,x,x]\nb:\n" + repeated(n, [](size_t) { return "- *a\n"; }, ""); },
       yaml},
      {"YAML, anchors",
       [](size_t n) { return repeated(n, [](size_t i) { return "- &" + key(i) + " x\n"; }, ""); }, yaml},
      {"YAML, merges",
       [](size_t n) {
         return "- &a {x: y}\n" + repeated(n, [](size_t) { return "- {<<: *a, z: 1}\n"; }, "");
       },
       yaml},
      {"YAML, flow", [](size_t n) { return "[" + repeated(n, [](size_t) { return "{}"; }) + "]"; }, yaml},
      {"protobuf, descending keys",
       [=](size_t n) { return proto_of(11, n, [=](size_t i) { return entry(n - i); }); }, proto},
      {"protobuf, one key", [=](size_t n) { return proto_of(11, n, [=](size_t) { return entry(1); }); },
       proto},
      {"protobuf, empty elements",
       [](size_t n) { return proto_of(13, n, [](size_t) { return std::string(); }); }, proto},
      {"merge patch, descending keys", [=](size_t n) { return labels(repeated(n, down(n))); }, merge},
      {"strategic patch, objects",
       [](size_t n) {
         return owners(repeated(n, [n](size_t i) { return "{\"uid\":\"" + key(scattered(i, n)) + "\"}"; }));
       },
       strategic},
      {"strategic patch, scalars",
       [](size_t n) {
         return "{\"metadata\":{\"finalizers\":[" +
                repeated(n, [n](size_t i) { return "\"" + key(n - i) + "\""; }) + "]}}";
       },
       strategic},
      {"strategic patch, removals",
       [](size_t n) {
         return owners(
             repeated(n, [](size_t i) { return "{\"$patch\":\"delete\",\"uid\":\"" + key(i) + "\"}"; }));
       },
       strategic},
      {"JSON patch, additions",
       [](size_t n) {
         return "[" +
                repeated(n / 4,
                         [](size_t i) {
                           return R"({"op":"add","path":"/metadata/labels/)" + key(i) + R"(","value":""})";
                         }) +
                "]";
       },
       operations},
  };
}

double seconds(const Case& c, const std::string& input) {
  double least = 1e9;
  for (int i = 0; i < kRuns; ++i) {
    const std::clock_t from = std::clock();
    c.work(input);
    least = std::min(least, static_cast<double>(std::clock() - from) / CLOCKS_PER_SEC);
  }
  return least;
}

}  // namespace

TEST(DecodeCost, HostileInputCostsInProportion) {
  for (const Case& c : cases()) {
    const double once = seconds(c, c.input(kItems)), four = seconds(c, c.input(4 * kItems));
    EXPECT_LE(four, kGrowthMax * std::max(once, kLeast))
        << c.name << ": " << once << " s, then " << four << " s";
  }
}

TEST(DecodeCost, WhatDecodesToTooMuchIsRefused) {
  Metadata out;
  const std::string empty = owners(repeated(1'000'000, [](size_t) { return "{}"; }));
  const auto refused = codec::decode_json(empty, out.descriptor(), &out);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::RequestEntityTooLarge);
  const auto bytes =
      codec::from_proto<Metadata>(proto_of(13, 1'500'000, [](size_t) { return std::string(); }));
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code(), Code::RequestEntityTooLarge);
  const auto values = codec::Value::parse("[" + repeated(600'000, [](size_t) { return "1"; }) + "]");
  ASSERT_FALSE(values.ok());
  EXPECT_EQ(values.error().code(), Code::RequestEntityTooLarge);
}

TEST(DecodeCost, DepthIsBoundedEverywhere) {
  for (const size_t n : {size_t{600}, size_t{9'000}, size_t{100'000}}) {
    const std::string nested = std::string(n, '[') + std::string(n, ']');
    EXPECT_FALSE(codec::Value::parse(nested).ok());
    EXPECT_FALSE(codec::yaml_document_to_json(nested).ok());
    Metadata out;
    const auto unknown = codec::decode_json("{\"x\":" + nested + "}", out.descriptor(), &out);
    EXPECT_EQ(unknown.ok(), n < 10'000) << n;
  }
}

}  // namespace mizzen::machinery
