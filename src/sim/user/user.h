#pragma once
#include <string>
#include <vector>

#include "sim/net/client.h"

namespace mizzen::sim {

/// Role: what people do to a cluster, drawn by chance: namespaces, Deployments, Services and pods come,
/// change and go. Threading: confined to the simulation's thread.
class User {
 public:
  User(World& world, Server& server);
  /// One action. What fails is left as it is: people try something else.
  void act();
  /// Takes back what would keep the cluster from coming to rest: cordons, finalizers. Once nothing goes
  /// wrong.
  void tidy_up();

 private:
  std::string some_namespace();
  void make_namespace();
  void end_namespace();
  void make_deployment();
  void change_deployment();
  void end_deployment();
  void make_service();
  void end_service();
  void make_pod();
  void end_pod();
  void make_replication_controller();
  void end_replication_controller();
  void hold_config_map();
  void end_config_map();
  void cordon();
  void end_node();
  template <typename T>
  std::shared_ptr<const T> some(const std::string& ns);
  template <typename T>
  std::vector<std::shared_ptr<const T>> all(const std::string& ns = "");

  World& world_;
  Client api_;
  int next_ = 0;
};

}  // namespace mizzen::sim
