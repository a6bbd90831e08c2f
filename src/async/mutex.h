#pragma once
#include "base/mutex.h"  // lives below so that telemetry may lock too
