// The inbox, history, receipts, and opening a direct conversation.
#include "server/application/application.hpp"
#include "server/gateway/api/model_json.hpp"
#include "server/gateway/api/routes.hpp"

namespace sotto::server {
namespace {

std::size_t read_limit(Input& in) {
  return static_cast<std::size_t>(in.query_number("limit", 1, kMaxPage).value_or(kDefaultPage));
}

}  // namespace

void add_conversation_routes(Routes& routes, Application& app) {
  ConversationService& conversations = app.services.conversations;
  HistoryService& history = app.services.history;

  routes.push_back({"PUT", "/api/conversations/direct/{user_id}", Access::token, [&](Input& in) -> Work {
                      const auto peer = in.path_id<UserId>("user_id");
                      return Write{[&, peer](Store& store, WriteContext& context, const Caller& caller) {
                        const auto direct = conversations.open_direct(store, context, caller, peer);
                        if (!direct) return refusal(direct.error());
                        return ok({{"conversation_id", to_string((*direct)->id)}});
                      }};
                    }});

  routes.push_back({"GET", "/api/conversations", Access::token, [&](Input& in) -> Work {
                      const auto cursor = in.query_text("cursor");
                      const auto limit = read_limit(in);
                      return Read{[&, cursor, limit](const Store& store, Timestamp, const Caller& caller) {
                        const auto page = history.inbox(store, caller, cursor, limit);
                        if (!page) return refusal(page.error());
                        return json_text_answer(200, inbox_json(*page, caller.user));
                      }};
                    }});

  routes.push_back(
      {"GET", "/api/conversations/{conversation_id}/messages", Access::token, [&](Input& in) -> Work {
         const HistoryRequest request{in.path_id<ConversationId>("conversation_id"),
                                      in.query_id<MessageId>("before_id"), in.query_id<MessageId>("after_id"),
                                      read_limit(in)};
         return Read{[&, request](const Store& store, Timestamp, const Caller& caller) {
           const auto page = history.history(store, caller, request);
           return page ? json_text_answer(200, history_json(*page)) : refusal(page.error());
         }};
       }});

  routes.push_back({"GET", "/api/conversations/{conversation_id}/messages/{message_id}/receipts",
                    Access::token, [&](Input& in) -> Work {
                      const auto conversation = in.path_id<ConversationId>("conversation_id");
                      const auto message = in.path_id<MessageId>("message_id");
                      return Read{
                          [&, conversation, message](const Store& store, Timestamp, const Caller& caller) {
                            const auto list = history.receipts(store, caller, conversation, message);
                            return list ? ok({{"receipts", receipts_json(*list)}}) : refusal(list.error());
                          }};
                    }});
}

}  // namespace sotto::server
