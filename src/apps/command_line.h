#pragma once

namespace mizzen::apps {

/// Parses the command line and runs the role; the exit code.
int run(int argc, char** argv);

}  // namespace mizzen::apps
