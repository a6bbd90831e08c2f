// The one program. Which role it plays is its first argument.
#include "apps/command_line.h"

int main(int argc, char** argv) { return mizzen::apps::run(argc, argv); }
