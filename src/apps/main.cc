// The one program. Which role it plays is its first argument; containerd starts it under the name of its CNI
// plug-in.
#include "apps/command_line.h"
#include "network/cni/cni.h"

int main(int argc, char** argv) {
  if (argc > 0 && mizzen::network::is_cni_name(argv[0])) return mizzen::network::cni_main(argc, argv);
  return mizzen::apps::run(argc, argv);
}
