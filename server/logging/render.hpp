// An event and its fields as text, without the time and level that stand before them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/logging/log.hpp"

namespace sotto::server::log {

/// `event=connection_opened user_id=382…`. A value is quoted where it is empty or holds a space, a quote, an
/// equals sign or a control character; then as in JSON.
std::string render_logfmt(std::string_view event, std::span<const Field> fields);

/// `"event":"connection_opened","user_id":"382…"`, without braces.
std::string render_json(std::string_view event, std::span<const Field> fields);

}  // namespace sotto::server::log
