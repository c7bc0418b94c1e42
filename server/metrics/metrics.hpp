// Everything the server counts, by name. One Metrics lives for the whole process and is handed down by
// reference; whoever does a thing counts it.
//
//   metrics.messages_accepted.add();
//   metrics.ack_seconds.observe(seconds_since(received));
//   metrics.errors.add("blocked");
//
// What only its owner can tell at the moment of a scrape (how long a queue is) is asked for then:
//
//   metrics.watch("sotto_write_queue_jobs", "Jobs waiting for the writer.", [&] { return queue.size(); });
//
// Thread rules: the instruments may be used from any thread; `watch` only before the server listens, and its
// function is called on whichever thread answers /metrics, so it reads atomics.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/metrics/instruments.hpp"

namespace sotto::server {

struct Metrics {
  Metrics();

  // Connections
  Counter connections_accepted;  ///< of any kind, HTTP and WebSocket
  Counter connections_refused;   ///< over a cap
  Counter accept_errors;         ///< out of file descriptors and the like
  Gauge connections_open;
  Gauge sessions_open;  ///< WebSocket connections
  Counter sessions_superseded;
  Counter sessions_slow;    ///< fell back to reading from the store
  Counter sessions_silent;  ///< closed for having said nothing
  Counter bytes_received;
  Counter bytes_sent;

  // HTTP
  Counter http_requests;
  Counter http_rejected;                  ///< malformed, too large or too slow
  std::array<Counter, 6> http_responses;  ///< by hundreds of the status: [2] is 2xx
  Histogram http_seconds;                 ///< from a whole request to its response

  // Frames
  Counter frames_received;
  Counter frames_sent;
  Counter frames_bad;
  Counter frames_limited;  ///< reading was paused for the rate limit
  Counter frames_dropped;  ///< typing and presence that a slow client did not get
  Gauge queued_bytes;      ///< waiting in outgoing queues

  // The message path
  Counter messages_accepted;   ///< stored for the first time
  Counter messages_duplicate;  ///< seen before: answered with the first ack
  Counter messages_refused;
  Counter messages_pushed;   ///< live, to connected devices
  Counter pushes;            ///< push notifications asked for
  Histogram ack_seconds;     ///< from a message frame's arrival to its ack being queued
  LabelledCounter receipts;  ///< by status: delivered, read
  Counter catch_ups;         ///< a session began to read from the store: a sync, or it fell behind
  Counter catch_up_pages;
  Counter catch_up_items;  ///< elements of the stream sent while catching up

  // Storage
  Histogram batch_jobs;      ///< jobs in one committed batch
  Histogram commit_seconds;  ///< from the start of a batch's transaction to its being durable
  Counter commits_failed;

  // Refusals
  LabelledCounter errors;        ///< error frames and problem documents, by code
  LabelledCounter rate_limited;  ///< by what: message, frame, login, otp, refresh, contacts, request

  // Sign-in
  LabelledCounter otp_sent;  ///< by result: sent, failed, dropped

  using Reading = std::function<double()>;
  void watch(std::string name, std::string help, Reading reading);

  struct Watched {
    std::string name;
    std::string help;
    Reading reading;
  };
  [[nodiscard]] const std::vector<Watched>& watched() const { return watched_; }

 private:
  std::vector<Watched> watched_;
};

}  // namespace sotto::server
