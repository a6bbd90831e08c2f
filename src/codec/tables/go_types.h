#pragma once
#include <string>

#include "codec/tables/schema.h"

/// The names that types have in upstream's Go: its decoders put them into error texts, which clients show.
namespace mizzen::codec {

/// v1.Container
std::string go_type(const Message& m);
/// Of a whole field, pointers left out: []v1.Container, map[string]string, v1.RestartPolicy.
std::string go_type(const Field& f);
/// Of one element of a list or map; as go_type otherwise.
std::string go_element_type(const Field& f);

}  // namespace mizzen::codec
