#include "network/protocol/cni_call.h"

#include <gtest/gtest.h>

#include "codec/json/tree.h"
#include "network/protocol/cni_document.h"

namespace mizzen::network {
namespace {

using codec::Value;

TEST(CniCall, ComesOutAsItWentIn) {
  const CniCall call{
      "ADD", "c1", "/run/netns/x", "eth0", "K8S_POD_NAME=a;X=", std::string("{\"a\":\"\0b\"}\n", 11)};
  const auto text = encode_call(call);
  const auto back = decode_call(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->command, call.command);
  EXPECT_EQ(back->container_id, call.container_id);
  EXPECT_EQ(back->network_namespace, call.network_namespace);
  EXPECT_EQ(back->interface, call.interface);
  EXPECT_EQ(back->arguments, call.arguments);
  EXPECT_EQ(back->config, call.config);
  const auto answer = decode_answer(encode_answer({"{\"x\": \"1\n2\"}", 1}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->exit_code, 1);
  EXPECT_EQ(answer->output, "{\"x\": \"1\n2\"}");
  EXPECT_EQ(decode_answer(encode_answer({}))->output, "");
}

TEST(CniCall, WhatIsCutShortIsNone) {
  const auto call = encode_call({"ADD", "c1", "/n", "eth0", "", "{}"});
  for (size_t i = 0; i < call.size(); ++i) EXPECT_FALSE(decode_call(call.substr(0, i))) << i;
  EXPECT_FALSE(decode_call(call + "x"));
  EXPECT_FALSE(decode_call("mizzen-cni/2" + call.substr(12))) << "another version";
  const auto answer = encode_answer({"{\"code\":11}", 1});
  for (size_t i = 0; i < answer.size(); ++i) EXPECT_FALSE(decode_answer(answer.substr(0, i))) << i;
  EXPECT_FALSE(decode_answer("x 0\n"));
}

TEST(CniDocument, TellsCodeAndTextOfAFailure) {
  const auto failed = cni_failure("0.4.0", kCniTryAgain, "say \"again\"");
  EXPECT_EQ(failed.exit_code, 1);
  const auto v = Value::parse(failed.output);
  ASSERT_TRUE(v.ok());
  EXPECT_EQ(v->find("cniVersion")->text(), "0.4.0");
  EXPECT_EQ(v->find("code")->text(), "11");
  EXPECT_EQ(v->find("msg")->text(), "say \"again\"");
  EXPECT_EQ(Value::parse(cni_failure("", 6, "x").output)->find("cniVersion")->text(), "1.0.0");
  EXPECT_EQ(Value::parse(cni_versions().output)->find("supportedVersions")->items().size(),
            kCniVersions.size());
}

}  // namespace
}  // namespace mizzen::network
