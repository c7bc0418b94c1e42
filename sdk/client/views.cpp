#include "sdk/client/views.hpp"

#include "sdk/client/runtime.hpp"

namespace sotto::client {

TimelineView::TimelineView(std::weak_ptr<Runtime> runtime, engine::ViewNumber number,
                           ConversationId conversation)
    : runtime_(std::move(runtime)), number_(number), conversation_(conversation) {
  if (const auto open = runtime_.lock()) delivery_ = open->delivery();
}

TimelineView::~TimelineView() {
  if (const auto runtime = runtime_.lock()) runtime->close_view(number_);
}

Operation TimelineView::load_older(std::size_t count, Done<bool> done) {
  return load(&engine::Engine::load_older, count, std::move(done));
}

Operation TimelineView::load_newer(std::size_t count, Done<bool> done) {
  return load(&engine::Engine::load_newer, count, std::move(done));
}

template <class Method>
Operation TimelineView::load(Method method, std::size_t count, Done<bool> done) {
  if (const auto runtime = runtime_.lock()) return runtime->call(std::move(done), method, number_, count);
  Call<bool>(std::move(done), delivery_).end(Error(ErrorCode::invalid_state, "the client is closed"));
  return {};
}

ConversationListView::~ConversationListView() {
  if (const auto runtime = runtime_.lock()) runtime->close_view(number_);
}

}  // namespace sotto::client
