#include "sdk/client/runtime.hpp"

#include <algorithm>

#include "sdk/client/views.hpp"

namespace sotto::client {

std::shared_ptr<Runtime> Runtime::start(Parts parts, std::shared_ptr<Delivery> delivery) {
  std::shared_ptr<Runtime> runtime(new Runtime(std::move(parts), std::move(delivery)));
  runtime->loop_->post([self = runtime.get()] { self->pump(); });
  // The thread keeps the runtime: a client may be destroyed on it.
  runtime->thread_ = std::thread([runtime] { runtime->loop_->run(); });
  return runtime;
}

Runtime::Runtime(Parts parts, std::shared_ptr<Delivery> delivery)
    : delivery_(std::move(delivery)),
      now_(std::move(parts.now)),
      joined_calls_(parts.joined_calls),
      loop_(std::move(parts.loop)),
      transport_(std::move(parts.transport)),
      engine_(std::move(parts.engine)),
      driver_(std::make_unique<Driver>(*engine_, Surroundings{now_, *loop_, *transport_}, parts.server_url,
                                       [this](const Driver::Input& input) { feed(input); })) {
  snapshot_.account = engine_->account();
}

Runtime::~Runtime() = default;

// ------------------------------------------------------------------ from the app's threads

bool Runtime::hand_over(Joins joins, std::function<void()> run) {
  const std::lock_guard lock(waiting_mutex_);
  if (!accepting_) return false;
  waiting_.push_back({joins, std::move(run)});
  if (waiting_.size() == 1) loop_->post([this] { run_waiting(); });
  return true;
}

void Runtime::tell(std::function<void(engine::Engine&, engine::Now)> input) {
  hand_over(Joins::no, [this, input = std::move(input)] {
    if (!closing_) input(*engine_, now_());
  });
}

Operation Runtime::open_timeline(ConversationId conversation, TimelineOptions options,
                                 Done<std::shared_ptr<Timeline>> done) {
  using Answer = std::shared_ptr<Timeline>;
  return hand_over_call<Answer>(
      Joins::no, std::move(done), [this, conversation, options](Call<Answer>& call) {
        const auto number = engine_->open_timeline(conversation, options, now_());
        if (!number) return call.end(number.error());
        auto view = std::make_shared<TimelineView>(weak_from_this(), *number, conversation);
        driver_->show(*number, view->state());
        call.end(Answer(std::move(view)));
      });
}

Operation Runtime::open_conversation_list(Done<std::shared_ptr<ConversationList>> done) {
  using Answer = std::shared_ptr<ConversationList>;
  return hand_over_call<Answer>(Joins::no, std::move(done), [this](Call<Answer>& call) {
    const auto number = engine_->open_conversation_list(now_());
    if (!number) return call.end(number.error());
    auto view = std::make_shared<ConversationListView>(weak_from_this(), *number);
    driver_->show(*number, view->state());
    call.end(Answer(std::move(view)));
  });
}

void Runtime::close_view(engine::ViewNumber view) {
  tell([this, view](engine::Engine& engine, engine::Now now) {
    driver_->hide(view);
    engine.close_view(view, now);
  });
}

Snapshot Runtime::snapshot() const {
  const std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

// ------------------------------------------------------------------ on the engine's thread

void Runtime::run_waiting() {
  std::vector<Waiting> batch;
  {
    const std::lock_guard lock(waiting_mutex_);
    batch.swap(waiting_);
  }
  for (auto next = batch.begin(); next != batch.end();) {
    const auto limit = batch.end() - next > joined_calls_ ? next + joined_calls_ : batch.end();
    const auto end = std::find_if(next, limit, [](const Waiting& w) { return w.joins == Joins::no; });
    if (end - next > 1 && !closing_) {
      run_joined(next, end);
      next = end;
    } else {
      next->run();
      ++next;
    }
    if (!engine_closed_) pump();
  }
}

void Runtime::run_joined(std::vector<Waiting>::iterator first, std::vector<Waiting>::iterator last) {
  engine_->batch(now_(), [first, last] {
    for (auto call = first; call != last; ++call)
      call->run();
  });
}

void Runtime::feed(const Driver::Input& input) {
  if (engine_closed_) return;
  input(now_());
  pump();
}

void Runtime::refresh_standing() {
  if (!engine_) return;  // answers to what was outstanding at the end
  const std::lock_guard lock(snapshot_mutex_);
  snapshot_.account = engine_->account();
  snapshot_.connection = engine_->connection_state();
}

void Runtime::pump() {
  for (;;) {
    auto effects = engine_->take_effects();
    auto events = engine_->take_events();
    {
      // Before the events go out: who reads the state on an event sees at least as much as the event says.
      const std::lock_guard lock(snapshot_mutex_);
      snapshot_ = {engine_->account(), engine_->connection_state(), engine_->metrics(),
                   engine_->clock_skew()};
    }
    if (effects.empty() && events.empty()) break;
    for (auto& effect : effects)
      driver_->perform(std::move(effect));
    delivery_->publish(std::move(events));
  }
  if (!engine_closed_) driver_->set_timer(engine_->next_deadline());
  if (driver_->take_views_changed()) delivery_->view_changed();
}

// ------------------------------------------------------------------ the end

Operation Runtime::close(Done<void> done) {
  const Closer closer{std::make_shared<Done<void>>(std::move(done)), std::this_thread::get_id()};
  // Closing what is closed succeeds.
  if (!hand_over(Joins::no, [this, closer] { begin_closing(closer); })) tell_closer(closer, {});
  return {};
}

void Runtime::shut_down() {
  const auto own = std::this_thread::get_id();
  delivery_->discard(own);
  hand_over(Joins::no, [this, own] { begin_closing({nullptr, own}); });
  if (thread_.get_id() == own) {
    thread_.detach();  // it holds what it needs until it has ended
  } else if (thread_.joinable()) {
    thread_.join();
  }
}

void Runtime::begin_closing(Closer closer) {
  closers_.push_back(std::move(closer));
  if (closing_) return;
  closing_ = true;
  engine_->close(now_(), [this](const Result<void>& outcome) {
    closed_with_ = outcome;
    engine_closed_ = true;
    driver_->set_timer({});
    // Not from inside the engine or the driver, which go away at the end of this.
    loop_->post([this] { driver_->farewell([this] { loop_->post([this] { finish_closing(); }); }); });
  });
  pump();
}

void Runtime::finish_closing() {
  refuse_calls();
  driver_.reset();
  engine_.reset();
  transport_.reset();
  for (const auto& closer : closers_)
    tell_closer(closer, closed_with_);
  loop_->stop();
}

void Runtime::refuse_calls() {
  std::vector<Waiting> late;
  {
    const std::lock_guard lock(waiting_mutex_);
    accepting_ = false;
    late.swap(waiting_);
  }
  for (const auto& call : late)
    call.run();  // sees that it is closing
}

void Runtime::tell_closer(const Closer& closer, Result<void> outcome) {
  if (!closer.done) return;
  if (closer.done->runs_at_once()) {
    // From here on nothing of the app is called. By now every call has been answered, so a callback that
    // waits for one comes to its end, and this wait does too.
    delivery_->seal(closer.thread);
    (*closer.done)(std::move(outcome));
    return;
  }
  // Runs after everything that was outstanding, where the app wants its handlers to run.
  delivery_->complete([delivery = delivery_, done = closer.done, outcome = std::move(outcome)] {
    delivery->seal(std::this_thread::get_id());
    (*done)(outcome);
  });
}

}  // namespace sotto::client
