// What a runtime answers: any bytes are decoded or refused, and what is decoded encodes to the same bytes
// twice.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/proto/proto_codec.h"
#include "cri/schema/runtime/v1/api.h"

namespace {

template <typename Message>
void read(std::string_view bytes) {
  const auto message = mizzen::codec::from_proto<Message>(bytes);
  if (!message.ok()) return;
  const std::string once = mizzen::codec::to_proto(*message);
  const auto again = mizzen::codec::from_proto<Message>(once);
  if (!again.ok() || mizzen::codec::to_proto(*again) != once) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mizzen::cri::v1;
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 8) {
    case 0:
      read<ContainerStatusResponse>(bytes);
      break;
    case 1:
      read<ListContainersResponse>(bytes);
      break;
    case 2:
      read<PodSandboxStatusResponse>(bytes);
      break;
    case 3:
      read<ListPodSandboxResponse>(bytes);
      break;
    case 4:
      read<ListImagesResponse>(bytes);
      break;
    case 5:
      read<StatusResponse>(bytes);
      break;
    case 6:
      read<ListContainerStatsResponse>(bytes);
      break;
    default:
      read<ExecSyncResponse>(bytes);
      break;
  }
  return 0;
}
