#include "sdk/cli/chat/chat.hpp"

#include <array>
#include <poll.h>
#include <unistd.h>

#include "sdk/cli/chat/chat_screen.hpp"
#include "sdk/cli/chat/chat_session.hpp"
#include "sdk/cli/commands.hpp"
#include "sdk/cli/wake_pipe.hpp"

namespace sotto::cli {

namespace {
/// "typing…" has to go away, and a resize to be seen, when nothing else happens.
constexpr int kRedrawEveryMs = 1'000;
}  // namespace

bool is_in_a_terminal() {
  return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
}

int run_chat(Client& client, const std::string& with) {
  WakePipe wake;
  wake.catch_end_signals();
  client.set_wake_up([&wake] { wake.wake(); });
  if (auto connected = client.connect().get(); !connected) {
    return report(connected.error());
  }
  {
    ChatScreen screen;
    ChatSession session(client);
    if (!with.empty()) session.run("/new " + with);
    while (!session.has_ended() && !WakePipe::end_requested()) {
      for (const Event& event : client.poll())
        session.handle(event);
      session.refresh();
      if (session.take_bell()) screen.ring();
      screen.draw(session.picture());
      std::array<pollfd, 2> fds{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{wake.descriptor(), POLLIN, 0}};
      ::poll(fds.data(), fds.size(), kRedrawEveryMs);
      wake.drain();
      if ((fds[0].revents & (POLLHUP | POLLERR)) != 0) break;  // the terminal is gone
      while (auto key = screen.read_key())
        session.press(*key, screen.page_height());
    }
  }
  client.set_wake_up({});
  return 0;
}

}  // namespace sotto::cli
