// Everything the server counts, by name. One Metrics lives for the whole process and is handed down by
// reference; whoever does a thing counts it.
//
//   metrics.messages_accepted.add();
//   metrics.ack_seconds.observe(seconds_since(received));
//   metrics.errors.add(to_string(code));
//
// What only its owner can tell at the moment of a scrape (how long a queue is) is asked for then:
//
//   metrics.watch("sotto_write_queue_jobs", "Jobs waiting for the writer.", [&] { return queue.size(); });
//
// Thread rules: the instruments may be used from any thread; `watch` only before the server listens, and its
// function is called on whichever thread answers /metrics, so it reads atomics.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/metrics/instruments.hpp"

namespace sotto::server {

struct Metrics {
  Metrics();

  // Connections
  Gauge connections;                   ///< WebSocket connections open now
  Counter connections_opened;          ///< WebSocket connections accepted
  LabelledCounter connections_closed;  ///< by reason: client, idle, superseded, revoked, ...
  Counter bytes_received;              ///< HTTP and WebSocket payload, before TLS
  Counter bytes_sent;

  // The message path
  Counter messages_accepted;   ///< stored for the first time
  Counter messages_duplicate;  ///< seen before: answered with the first ack
  Counter deliveries;          ///< message frames handed to a device's connection
  Counter pushes;              ///< push notifications asked for
  Histogram ack_seconds;       ///< from a message frame being read to its ack being queued
  LabelledCounter receipts;    ///< by status: delivered, read
  Counter catch_ups;           ///< a session began to read from the store: a sync, or it fell behind
  Counter catch_up_items;      ///< elements of the stream sent while catching up

  // Storage
  Histogram batch_jobs;      ///< jobs in one committed batch
  Histogram commit_seconds;  ///< BEGIN to durable
  Counter commits_failed;

  // Refusals
  LabelledCounter errors;        ///< error frames and problem documents, by code
  LabelledCounter rate_limited;  ///< by what: message, frame, login, otp

  // HTTP and sign-in
  LabelledCounter http_responses;  ///< by class of status: 2xx, 3xx, 4xx, 5xx
  Histogram http_seconds;          ///< from a whole request to its response
  LabelledCounter otp_sent;        ///< by result: sent, failed, dropped

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
