#include "apps/config/feature_gates.h"

#include <gtest/gtest.h>

namespace mizzen::apps {

TEST(FeatureGates, DefaultsAreUpstreamsAndFlagsChangeThem) {
  EXPECT_TRUE(parse_feature_gates({})->at("RelaxedEnvironmentVariableValidation"));
  EXPECT_FALSE(parse_feature_gates({"RelaxedEnvironmentVariableValidation=false"})
                   ->at("RelaxedEnvironmentVariableValidation"));
  EXPECT_TRUE(parse_feature_gates({"RelaxedEnvironmentVariableValidation=false",
                                   " RelaxedEnvironmentVariableValidation = True"})
                  ->at("RelaxedEnvironmentVariableValidation"))
      << "the last word counts";
}

TEST(FeatureGates, UnknownOnesAndNonsenseAreRefused) {
  for (const char* bad : {"NoSuchGate=true", "RelaxedEnvironmentVariableValidation",
                          "RelaxedEnvironmentVariableValidation=1", "=true", ""})
    EXPECT_FALSE(parse_feature_gates({bad}).ok()) << bad;
}

}  // namespace mizzen::apps
