#include "sdk/cli/rpc/rpc.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <poll.h>
#include <string_view>
#include <unistd.h>

#include "sdk/cli/rpc/json_rpc.hpp"
#include "sdk/cli/rpc/rpc_methods.hpp"
#include "sdk/cli/rpc/rpc_values.hpp"
#include "sdk/cli/wake_pipe.hpp"

namespace sotto::cli {

namespace {

class RpcServer {
 public:
  RpcServer(Client& client, int input, int output) : client_(client), input_(input), output_(output) {}

  int run() {
    wake_.catch_end_signals();
    client_.set_wake_up([this] { wake_.wake(); });
    while (!finished()) {
      wait();
      wake_.drain();
      for (const Event& event : client_.poll()) {
        if (auto params = to_json(event)) write_line(rpc_event(std::move(*params)));
      }
      carry_out_next();
    }
    client_.set_wake_up({});
    (void)client_.close().get();
    return output_broken_ ? 1 : 0;
  }

 private:
  [[nodiscard]] bool finished() const {
    if (WakePipe::end_requested() || output_broken_) return true;
    return !busy_ && (shutdown_ || (input_ended_ && buffer_.empty()));
  }

  void wait() {
    const bool has_line = buffer_.find('\n') != std::string::npos;
    if (!busy_ && (has_line || input_ended_)) return;
    // Not read while a request is being carried out: see rpc.hpp.
    std::array<pollfd, 2> fds{pollfd{wake_.descriptor(), POLLIN, 0},
                              pollfd{busy_ || has_line ? -1 : input_, POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) input_ended_ = true;
    if (fds[1].revents != 0) read_input();
  }

  void read_input() {
    std::array<char, 64 * 1024> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): read(2) fills it
    const auto n = ::read(input_, chunk.data(), chunk.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) {
      input_ended_ = true;
      return;
    }
    std::string_view text(chunk.data(), static_cast<std::size_t>(n));
    if (skipping_line_) {
      const auto end = text.find('\n');
      if (end == std::string_view::npos) return;
      text.remove_prefix(end);  // the newline stays, for the refused line
      skipping_line_ = false;
    }
    buffer_.append(text);
    if (buffer_.size() > kMaxRpcLine && buffer_.find('\n') == std::string::npos) {
      // Keep one byte too many, so that the line is refused as too long when its end arrives.
      buffer_.resize(kMaxRpcLine + 1);
      skipping_line_ = true;
    }
  }

  void carry_out_next() {
    while (!busy_ && !shutdown_ && !buffer_.empty()) {
      auto end = buffer_.find('\n');
      if (end == std::string::npos) {
        if (!input_ended_) return;
        end = buffer_.size();
      }
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty()) carry_out(line);
    }
  }

  void carry_out(std::string_view line) {
    auto request = parse_rpc_line(line);
    if (!request) return write_line(rpc_failure(request.error().id, request.error().error));
    if (request->method == "shutdown") {
      shutdown_ = true;
      if (request->id) write_line(rpc_result(*request->id, boost::json::object{}));
      return;
    }
    busy_ = true;
    call_method(client_, *request, [this, id = request->id](RpcOutcome outcome) {
      busy_ = false;
      if (!id) return;
      write_line(outcome ? rpc_result(*id, std::move(*outcome)) : rpc_failure(*id, outcome.error()));
    });
  }

  void write_line(std::string line) {
    line.push_back('\n');
    std::string_view rest = line;
    while (!rest.empty() && !output_broken_) {
      const auto n = ::write(output_, rest.data(), rest.size());
      if (n >= 0) {
        rest.remove_prefix(static_cast<std::size_t>(n));
      } else if (errno != EINTR) {
        output_broken_ = true;
      }
    }
  }

  Client& client_;
  const int input_;
  const int output_;
  WakePipe wake_;
  std::string buffer_;
  bool skipping_line_ = false;
  bool input_ended_ = false;
  bool busy_ = false;
  bool shutdown_ = false;
  bool output_broken_ = false;
};

}  // namespace

int run_rpc(Client& client, int input, int output) {
  return RpcServer(client, input, output).run();
}

}  // namespace sotto::cli
