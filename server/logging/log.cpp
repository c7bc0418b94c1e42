#include "server/logging/log.hpp"

#include <array>
#include <atomic>
#include <memory>

#include <sodium.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "server/logging/render.hpp"

namespace sotto::server::log {
namespace {

// A few seconds of a very busy server; about 2 MiB of memory at most.
constexpr std::size_t kWaitingLines = 8192;
// Text from outside (a path, a header) may be long; a line of the log stays readable.
constexpr std::size_t kMaxTextBytes = 256;

struct Running {
  Format format;
  std::shared_ptr<spdlog::async_logger> logger;
  std::shared_ptr<spdlog::details::thread_pool> pool;  // goes first: its thread uses the logger to the end
};

// The logger belongs to the process: it is set up once by main before any thread starts and taken down after
// the last has ended, so reading the pointer needs no lock; the level is atomic because every call reads it.
std::unique_ptr<Running> running;
std::atomic<Level> lowest{Level::off};
std::atomic<std::uint64_t> dropped_before{0};

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      break;
  }
  return spdlog::level::off;
}

std::unique_ptr<spdlog::pattern_formatter> formatter(Format format) {
  const std::string pattern = format == Format::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                                                     : "time=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v";
  return std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc);
}

const std::array<std::uint8_t, crypto_shorthash_KEYBYTES>& phone_key() {
  static const auto key = [] {
    std::array<std::uint8_t, crypto_shorthash_KEYBYTES> fresh{};
    system_random().fill(fresh);
    return fresh;
  }();
  return key;
}

}  // namespace

PublicText text(std::string_view not_private) {
  if (not_private.size() <= kMaxTextBytes) return {std::string(not_private)};
  return {std::string(not_private.substr(0, kMaxTextBytes)) + "..."};
}

PublicText phone(std::string_view number) {
  std::array<std::uint8_t, crypto_shorthash_BYTES> hash{};
  crypto_shorthash(hash.data(), reinterpret_cast<const unsigned char*>(number.data()), number.size(),
                   phone_key().data());
  std::string shown = to_hex(std::span(hash).first(4)) + "..";
  // A short input gives nothing away: its last two characters could be all of it.
  if (number.size() >= 8) shown += number.substr(number.size() - 2);
  return {std::move(shown)};
}

void start(const Options& options) {
  stop();
  auto pool = std::make_shared<spdlog::details::thread_pool>(kWaitingLines, 1);
  spdlog::sink_ptr sink;
  if (options.out != nullptr)
    sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(*options.out, true);
  else
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::async_logger>("sotto", sink, pool,
                                                       spdlog::async_overflow_policy::overrun_oldest);
  logger->set_formatter(formatter(options.format));
  logger->set_level(spdlog::level::debug);
  running = std::make_unique<Running>(Running{options.format, std::move(logger), std::move(pool)});
  lowest.store(options.level, std::memory_order_relaxed);
}

void stop() {
  lowest.store(Level::off, std::memory_order_relaxed);
  if (!running) return;
  dropped_before += running->pool->overrun_counter();
  running.reset();  // the pool's destructor writes what is waiting
}

bool enabled(Level level) {
  return level >= lowest.load(std::memory_order_relaxed) && level != Level::off;
}

std::uint64_t dropped_lines() {
  return dropped_before.load(std::memory_order_relaxed) + (running ? running->pool->overrun_counter() : 0);
}

void write(Level level, Literal event, Fields fields) {
  if (!enabled(level)) return;
  const std::span<const Field> list{fields.begin(), fields.size()};
  const std::string line =
      running->format == Format::json ? render_json(event.value, list) : render_logfmt(event.value, list);
  running->logger->log(to_spdlog(level), spdlog::string_view_t(line));
}

}  // namespace sotto::server::log
