#pragma once
#include <CLI/CLI.hpp>

#include "apps/config/hollow_options.h"
#include "apps/config/options.h"

/// Flags that several roles share, under upstream's names.
namespace mizzen::apps {

/// Makes a relative path one from the root: what runs under us is told of folders and stands elsewhere.
CLI::Validator from_here();
void add_node_flags(CLI::App& command, NodeOptions& node);
void add_api_flags(CLI::App& command, ApiOptions& api);
/// Of the tokens of service accounts.
void add_token_flags(CLI::App& command, auth::TokenOptions& tokens);
/// `unset`: what holds where --leader-elect is not given, for the help.
void add_election_flags(CLI::App& command, ElectionOptions& election, const std::string& unset);
void add_controller_flags(CLI::App& command, ControllerFlags& controllers);
/// `port`: the default of --secure-port; the lease's name stands in `component`.
void add_component_flags(CLI::App& command, ComponentOptions& component, uint16_t port);
/// Names that kubemark's hollow-node has mean the same here.
void add_agent_flags(CLI::App& command, AgentOptions& agent);
void add_hollow_flags(CLI::App& command, HollowOptions& hollow);
void add_log_flags(CLI::App& command, LogOptions& log);

}  // namespace mizzen::apps
