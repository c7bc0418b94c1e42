// SQLite's files without waiting for the disk: nobody cuts the power in a test of an app, and thousands of
// commits would otherwise take as many syncs of the developer's disk.
//
//   VirtualServer::start({..., .vfs = unsynced_vfs()});
#pragma once

namespace sotto::sim {

/// The name of a VFS that is the system's in everything but this: what was written survives the process, not
/// the machine. Any thread.
const char* unsynced_vfs();

}  // namespace sotto::sim
