#include "server/metrics/exposition.hpp"

#include <limits>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "server/metrics/process.hpp"

namespace sotto::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

class Families {
 public:
  void counter(std::string name, std::string help, double value) {
    ClientMetric metric;
    metric.counter.value = value;
    single(std::move(name), std::move(help), MetricType::Counter, std::move(metric));
  }

  void counter(std::string name, std::string help, const Counter& counter_of) {
    counter(std::move(name), std::move(help), static_cast<double>(counter_of.value()));
  }

  void gauge(std::string name, std::string help, double value) {
    ClientMetric metric;
    metric.gauge.value = value;
    single(std::move(name), std::move(help), MetricType::Gauge, std::move(metric));
  }

  void gauge(std::string name, std::string help, const Gauge& gauge_of) {
    gauge(std::move(name), std::move(help), static_cast<double>(gauge_of.value()));
  }

  void by_hundreds(std::string name, std::string help, const std::array<Counter, 6>& counters) {
    MetricFamily family{std::move(name), std::move(help), MetricType::Counter, {}};
    for (std::size_t i = 1; i < counters.size(); ++i) {
      ClientMetric metric;
      metric.label.push_back({"status", std::to_string(i) + "xx"});
      metric.counter.value = static_cast<double>(counters[i].value());
      family.metric.push_back(std::move(metric));
    }
    families_.push_back(std::move(family));
  }

  void labelled(std::string name, std::string help, const std::string& label,
                const LabelledCounter& counters) {
    MetricFamily family{std::move(name), std::move(help), MetricType::Counter, {}};
    for (std::size_t i = 0; i < counters.size(); ++i) {
      ClientMetric metric;
      metric.label.push_back({label, std::string(counters.label(i))});
      metric.counter.value = static_cast<double>(counters.value(i));
      family.metric.push_back(std::move(metric));
    }
    families_.push_back(std::move(family));
  }

  void histogram(std::string name, std::string help, const Histogram& histogram_of) {
    ClientMetric metric;
    std::uint64_t cumulative = 0;
    const auto bounds = histogram_of.bounds();
    for (std::size_t i = 0; i <= bounds.size(); ++i) {
      cumulative += histogram_of.count(i);
      const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({cumulative, bound});
    }
    // The count is taken from the buckets, so that the two never disagree in a scrape taken in mid-traffic.
    metric.histogram.sample_count = cumulative;
    metric.histogram.sample_sum = histogram_of.sum();
    single(std::move(name), std::move(help), MetricType::Histogram, std::move(metric));
  }

  void info(std::string name, std::string help, std::string label, std::string value) {
    ClientMetric metric;
    metric.label.push_back({std::move(label), std::move(value)});
    metric.gauge.value = 1;
    single(std::move(name), std::move(help), MetricType::Gauge, std::move(metric));
  }

  [[nodiscard]] std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  void single(std::string name, std::string help, MetricType type, ClientMetric metric) {
    families_.push_back({std::move(name), std::move(help), type, {std::move(metric)}});
  }

  std::vector<MetricFamily> families_;
};

void add_process(Families& out) {
  const ProcessFigures figures = read_process_figures();
  out.gauge("process_resident_memory_bytes", "Resident memory.", figures.resident_bytes);
  out.gauge("process_virtual_memory_bytes", "Virtual memory.", figures.virtual_bytes);
  out.counter("process_cpu_seconds_total", "User and system CPU time.", figures.cpu_seconds);
  out.gauge("process_start_time_seconds", "When the process started, in seconds since 1970.",
            figures.start_time_seconds);
  out.gauge("process_open_fds", "Open file descriptors.", figures.open_fds);
  out.gauge("process_max_fds", "The most file descriptors it may open.", figures.max_fds);
  out.gauge("process_threads", "Threads.", figures.threads);
}

}  // namespace

std::string expose(const Metrics& m, std::string_view version) {
  Families out;
  out.info("sotto_build_info", "Always 1; the label is the server's version.", "version",
           std::string(version));
  out.counter("sotto_connections_accepted_total", "Connections accepted, HTTP and WebSocket.",
              m.connections_accepted);
  out.counter("sotto_connections_refused_total", "Connections refused for being over a limit.",
              m.connections_refused);
  out.counter("sotto_accept_errors_total", "Connections that could not be accepted.", m.accept_errors);
  out.gauge("sotto_connections", "Connections open now, HTTP and WebSocket.", m.connections_open);
  out.gauge("sotto_sessions", "WebSocket connections open now.", m.sessions_open);
  out.counter("sotto_sessions_superseded_total", "Connections closed by a newer one of the device.",
              m.sessions_superseded);
  out.counter("sotto_sessions_slow_total", "Times a slow connection went back to reading from the store.",
              m.sessions_slow);
  out.counter("sotto_sessions_silent_total", "Connections closed after too long a silence.",
              m.sessions_silent);
  out.counter("sotto_received_bytes_total", "Bytes received.", m.bytes_received);
  out.counter("sotto_sent_bytes_total", "Bytes sent.", m.bytes_sent);

  out.counter("sotto_http_requests_total", "HTTP requests.", m.http_requests);
  out.counter("sotto_http_rejected_total", "HTTP requests that were malformed, too large or too slow.",
              m.http_rejected);
  out.by_hundreds("sotto_http_responses_total", "HTTP responses, by class of status.", m.http_responses);
  out.histogram("sotto_http_seconds", "From a whole HTTP request to its response.", m.http_seconds);

  out.counter("sotto_frames_received_total", "Frames received.", m.frames_received);
  out.counter("sotto_frames_sent_total", "Frames sent.", m.frames_sent);
  out.counter("sotto_frames_bad_total", "Frames that were not understood.", m.frames_bad);
  out.counter("sotto_frames_limited_total", "Times reading paused because of the rate limit.",
              m.frames_limited);
  out.counter("sotto_frames_dropped_total", "Typing and presence frames a slow client did not get.",
              m.frames_dropped);
  out.gauge("sotto_queued_bytes", "Bytes waiting in the queues of connections.", m.queued_bytes);

  out.counter("sotto_messages_accepted_total", "Messages stored.", m.messages_accepted);
  out.counter("sotto_messages_duplicate_total", "Retried messages answered with their first ack.",
              m.messages_duplicate);
  out.counter("sotto_messages_refused_total", "Messages answered with an error.", m.messages_refused);
  out.counter("sotto_messages_pushed_total", "Messages handed live to connected devices.", m.messages_pushed);
  out.counter("sotto_push_notifications_total", "Push notifications asked for.", m.pushes);
  out.histogram("sotto_ack_seconds", "From a message's arrival to its ack being queued.", m.ack_seconds);
  out.labelled("sotto_receipts_total", "Receipts taken in, by status.", "status", m.receipts);
  out.counter("sotto_catch_ups_total", "Times a session began to read from the store.", m.catch_ups);
  out.counter("sotto_catch_up_pages_total", "Pages of the stream read while catching up.", m.catch_up_pages);
  out.counter("sotto_catch_up_items_total", "Elements of the stream sent while catching up.",
              m.catch_up_items);

  out.histogram("sotto_batch_jobs", "Jobs in a committed batch.", m.batch_jobs);
  out.histogram("sotto_commit_seconds", "From the start of a batch's transaction to its being durable.",
                m.commit_seconds);
  out.counter("sotto_commits_failed_total", "Batches that were rolled back.", m.commits_failed);

  out.labelled("sotto_errors_total", "Error frames and problem documents sent, by code.", "code", m.errors);
  out.labelled("sotto_rate_limited_total", "Requests over a rate limit, by what was asked.", "what",
               m.rate_limited);
  out.labelled("sotto_otp_total", "One-time codes given to the sender, by result.", "result", m.otp_sent);

  for (const auto& watched : m.watched())
    out.gauge(watched.name, watched.help, watched.reading());
  add_process(out);
  return out.text();
}

}  // namespace sotto::server
