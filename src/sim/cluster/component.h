#pragma once
#include <memory>
#include <string>

#include "sim/machine/machine.h"
#include "sim/net/client.h"

namespace mizzen::sim {

/// Role: one process of the control plane or one node: it can crash at any moment, and be started again with
/// an empty memory. Threading: confined to the simulation's thread.
class Component {
 public:
  /// One life of it: what runs, and its way to the API.
  class Life {
   public:
    virtual ~Life() = default;
    /// False where it could not begin: it is tried again.
    virtual bool start() = 0;
    virtual void stop() = 0;
    virtual Client& api() = 0;
  };

  virtual ~Component() = default;
  const std::string& name() const { return name_; }
  bool is_up() const { return life_ != nullptr; }
  bool start();
  /// Nothing of it reaches the server from now on; then its threads end.
  void crash();

 protected:
  Component(World& world, std::string name) : world_(world), name_(std::move(name)) {}
  virtual std::unique_ptr<Life> make() = 0;
  World& world_;

 private:
  const std::string name_;
  std::unique_ptr<Life> life_;
};

/// One of several managers, of which one leads: controllers-NUMBER.
std::unique_ptr<Component> make_controllers(World& world, Server& server, int number);
std::unique_ptr<Component> make_scheduler(World& world, Server& server);
/// `number` from 0 to 99: the node's name is node-NUMBER. Without containers.
std::unique_ptr<Component> make_node(World& world, Server& server, int number);
/// The same with the program's own node agent, whose containers stand in `machine`.
std::unique_ptr<Component> make_agent(World& world, Server& server, Machine& machine, int number);

}  // namespace mizzen::sim
