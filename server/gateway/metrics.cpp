#include "server/gateway/metrics.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace sotto::server {

void Histogram::observe(double seconds) {
  seconds = std::max(seconds, 0.0);  // a clock that stepped back
  const auto bucket = static_cast<std::size_t>(std::ranges::lower_bound(kBounds, seconds) - kBounds.begin());
  buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_us_.fetch_add(static_cast<std::uint64_t>(seconds * 1e6), std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot copy;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    copy.buckets[i] = buckets_[i].load(std::memory_order_relaxed);
    copy.count += copy.buckets[i];
  }
  copy.sum = static_cast<double>(sum_us_.load(std::memory_order_relaxed)) / 1e6;
  return copy;
}

std::vector<MetricSample> Metrics::collect() const {
  std::vector<MetricSample> all;
  const auto add = [&all](std::string_view name, std::string_view help,
                          MetricSample::Kind kind) -> MetricSample& {
    MetricSample sample;
    sample.name = name;
    sample.help = help;
    sample.kind = kind;
    return all.emplace_back(std::move(sample));
  };
  const auto counter = [&](std::string_view name, std::string_view help, const Counter& c) {
    add(name, help, MetricSample::Kind::counter).value = static_cast<double>(c.value());
  };
  const auto gauge = [&](std::string_view name, std::string_view help, const Gauge& g) {
    add(name, help, MetricSample::Kind::gauge).value = static_cast<double>(g.value());
  };
  const auto histogram = [&](std::string_view name, std::string_view help, const Histogram& h) {
    add(name, help, MetricSample::Kind::histogram).histogram = h.snapshot();
  };

  counter("sotto_connections_accepted_total", "TCP connections accepted", connections_accepted);
  counter("sotto_connections_refused_total", "TCP connections over a cap", connections_refused);
  counter("sotto_accept_errors_total", "Failed accepts, such as no file descriptors left", accept_errors);
  gauge("sotto_connections_open", "TCP connections open now", connections_open);
  gauge("sotto_sessions_open", "WebSocket connections open now", sessions_open);
  counter("sotto_sessions_superseded_total", "Sessions closed by a newer one of the device",
          sessions_superseded);
  counter("sotto_sessions_slow_total", "Times a session fell back to reading from the store", sessions_slow);
  counter("sotto_sessions_silent_total", "Sessions closed for having said nothing", sessions_silent);

  counter("sotto_http_requests_total", "HTTP requests handed to a route", http_requests);
  counter("sotto_http_rejected_total", "HTTP requests that were malformed, too large or too slow",
          http_rejected);
  for (std::size_t hundreds = 1; hundreds < http_responses.size(); ++hundreds) {
    MetricSample& sample =
        add("sotto_http_responses_total", "HTTP responses by class of status", MetricSample::Kind::counter);
    sample.label = "class";
    sample.label_value = std::to_string(hundreds) + "xx";
    sample.value = static_cast<double>(http_responses[hundreds].value());
  }
  histogram("sotto_http_seconds", "From a whole request to its answer", http_seconds);

  counter("sotto_frames_received_total", "WebSocket messages received", frames_received);
  counter("sotto_frames_sent_total", "WebSocket messages queued for sending", frames_sent);
  counter("sotto_bytes_received_total", "Bytes read from clients", bytes_received);
  counter("sotto_bytes_sent_total", "Bytes written to clients", bytes_sent);
  counter("sotto_frames_bad_total", "Frames answered with bad_frame or unknown_type", frames_bad);
  counter("sotto_frames_limited_total", "Times reading was paused for the rate limit", frames_limited);
  counter("sotto_frames_dropped_total", "Typing and presence not sent to a slow client", frames_dropped);
  gauge("sotto_queued_bytes", "Bytes waiting in outgoing queues", queued_bytes);

  counter("sotto_messages_accepted_total", "Messages acked", messages_accepted);
  counter("sotto_messages_refused_total", "Messages answered with an error", messages_refused);
  counter("sotto_messages_pushed_total", "Messages sent live to connected devices", messages_pushed);
  counter("sotto_catch_up_pages_total", "Pages of the stream read for sessions", catch_up_pages);
  histogram("sotto_ack_seconds", "From a message frame to its ack", ack_seconds);
  return all;
}

}  // namespace sotto::server
