// The server's schema: what is stored where, and why each index is there.
#pragma once

#include "sqlite/migrations.hpp"

namespace sotto::server {

const sqlite::Schema& server_schema();

}  // namespace sotto::server
