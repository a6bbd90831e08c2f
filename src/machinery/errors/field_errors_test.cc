#include "machinery/errors/field_errors.h"

#include <gtest/gtest.h>

#include "machinery/object/object.h"

namespace mizzen::machinery {
namespace {

TEST(FieldErrors, PrintAsUpstream) {
  FieldErrors errors;
  errors.required(Path("spec").child("containers"), "");
  errors.invalid(Path("metadata").child("name"), "A_b", "bad");
  errors.not_supported(Path("spec").child("x"), "c", {"b", "a"});
  const Error e = errors.to_error("apps", "Deployment", "web");
  EXPECT_EQ(e.message(),
            "Deployment.apps \"web\" is invalid: [spec.containers: Required value, metadata.name: Invalid "
            "value: \"A_b\": bad, "
            "spec.x: Unsupported value: \"c\": supported values: \"b\", \"a\"]");
  EXPECT_EQ(e.details().causes.size(), 3u);
}

}  // namespace
}  // namespace mizzen::machinery
