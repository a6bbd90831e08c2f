#include "api/table/replicas.h"

namespace mizzen::api {

std::vector<TableColumn> replica_columns() {
  return {{"Name", "string", "name", "Its name."},
          {"Desired", "integer", "", "Pods wanted."},
          {"Current", "integer", "", "Pods there are."},
          {"Ready", "integer", "", "Pods that are ready."},
          {"Age", "string", "", "How long ago it was created."},
          {"Containers", "string", "", "Names of the containers.", 1},
          {"Images", "string", "", "Images of the containers.", 1},
          {"Selector", "string", "", "Labels of its pods.", 1}};
}

}  // namespace mizzen::api
