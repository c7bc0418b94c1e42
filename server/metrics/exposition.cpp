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
  out.gauge("sotto_connections", "WebSocket connections open now.",
            static_cast<double>(m.connections.value()));
  out.counter("sotto_connections_opened_total", "WebSocket connections accepted.", m.connections_opened);
  out.labelled("sotto_connections_closed_total", "WebSocket connections closed, by reason.", "reason",
               m.connections_closed);
  out.counter("sotto_received_bytes_total", "HTTP and WebSocket bytes received.", m.bytes_received);
  out.counter("sotto_sent_bytes_total", "HTTP and WebSocket bytes sent.", m.bytes_sent);

  out.counter("sotto_messages_accepted_total", "Messages stored.", m.messages_accepted);
  out.counter("sotto_messages_duplicate_total", "Retried messages answered with their first ack.",
              m.messages_duplicate);
  out.counter("sotto_deliveries_total", "Message frames handed to devices' connections.", m.deliveries);
  out.counter("sotto_pushes_total", "Push notifications asked for.", m.pushes);
  out.histogram("sotto_ack_seconds", "From a message being read to its ack being queued.", m.ack_seconds);
  out.labelled("sotto_receipts_total", "Receipts taken in, by status.", "status", m.receipts);
  out.counter("sotto_catch_ups_total", "Times a session began to read from the store.", m.catch_ups);
  out.counter("sotto_catch_up_items_total", "Elements of the stream sent while catching up.",
              m.catch_up_items);

  out.histogram("sotto_batch_jobs", "Jobs in a committed batch.", m.batch_jobs);
  out.histogram("sotto_commit_seconds", "From the start of a batch's transaction to its being durable.",
                m.commit_seconds);
  out.counter("sotto_commits_failed_total", "Batches that were rolled back.", m.commits_failed);

  out.labelled("sotto_errors_total", "Error frames and problem documents sent, by code.", "code", m.errors);
  out.labelled("sotto_rate_limited_total", "Requests over a rate limit, by what was asked.", "what",
               m.rate_limited);
  out.labelled("sotto_http_responses_total", "HTTP responses, by class of status.", "status",
               m.http_responses);
  out.histogram("sotto_http_seconds", "From a whole HTTP request to its response.", m.http_seconds);
  out.labelled("sotto_otp_total", "One-time codes given to the sender, by result.", "result", m.otp_sent);

  for (const auto& watched : m.watched())
    out.gauge(watched.name, watched.help, watched.reading());
  add_process(out);
  return out.text();
}

}  // namespace sotto::server
