// What HTTP needs beyond parsing (Beast does that): targets, upgrade requests, responses as bytes. Pure
// functions over values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "proto/frame_codec.hpp"
#include "server/gateway/http.hpp"

namespace sotto::server {

struct Target {
  std::string path;
  std::string query;
};
/// "/path?query", or a proxy's absolute form "http://host/path?query" (RFC 9112 §3.2). Anything else is
/// nothing.
std::optional<Target> split_target(std::string_view target);

/// Status line, headers, body. `for_head`: without the body, whose length is still told.
std::string render_response(const HttpResponse& response, bool keep_alive, bool for_head, Timestamp now);

inline constexpr std::string_view kBinarySubprotocol = "sotto.v1";
inline constexpr std::string_view kJsonSubprotocol = "sotto.v1.json";

/// What a request for `/ws/connect` asks for.
struct Upgrade {
  WireFormat format = WireFormat::json;
  std::string_view subprotocol;  ///< to be echoed; empty where none was offered
  std::string token;
};
/// An upgrade request judged by its headers, or the response that refuses it: 426 for a plain request or
/// another version, 400 for a malformed one or unknown subprotocols, 401 without a token.
struct UpgradeJudgement {
  std::optional<Upgrade> upgrade;
  HttpResponse refusal;
};
UpgradeJudgement judge_upgrade(const HttpRequest& request);

}  // namespace sotto::server
