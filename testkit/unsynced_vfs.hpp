// SQLite files without fsync. A test of an app has no power failure, and thousands of commits would each sync
// the developer's disk.
//
//   VirtualServer::start({..., .vfs = unsynced_vfs()});
#pragma once

namespace sotto::sim {

/// The name of a VFS that is the system's without syncing: data survives the process but not the machine. Any
/// thread.
const char* unsynced_vfs();

}  // namespace sotto::sim
