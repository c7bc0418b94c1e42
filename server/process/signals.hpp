// Signals as values: blocked in every thread, waited for by the main one.
//
//   block_signals();                          // before any thread starts
//   switch (wait_for_signal()) { case Signal::stop: ...; case Signal::reload: ... }
#pragma once

namespace sotto::server {

enum class Signal {
  stop,    ///< SIGTERM, SIGINT
  reload,  ///< SIGHUP
};

/// Threads that start later inherit this. SIGPIPE is ignored for good.
void block_signals();
Signal wait_for_signal();
/// From now on another stop ends the process at once, for whoever does not want to wait for the shutdown.
void stop_at_once_on_next_signal();

}  // namespace sotto::server
