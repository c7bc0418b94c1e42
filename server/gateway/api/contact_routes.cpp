// Contact discovery and blocking.
#include "server/application/application.hpp"
#include "server/gateway/api/model_json.hpp"
#include "server/gateway/api/routes.hpp"

namespace sotto::server {

void add_contact_routes(Routes& routes, Application& app) {
  ContactService& contacts = app.services.contacts;

  routes.push_back({"GET", "/api/contacts", Access::token, [&](Input& in) -> Work {
                      const auto cursor = in.query_text("cursor");
                      return Read{[&, cursor](const Store& store, Timestamp, const Caller& caller) {
                        const auto page = contacts.list(store, caller, cursor);
                        if (!page) return refusal(page.error());
                        return ok({{"contacts", contacts_json(page->contacts)},
                                   {"next_cursor", page->next ? boost::json::value(*page->next) : nullptr}});
                      }};
                    }});

  routes.push_back({"POST", "/api/contacts", Access::token, [&](Input& in) -> Work {
                      return Write{[&, numbers = in.texts("phone_numbers")](
                                       Store& store, WriteContext& context, const Caller& caller) {
                        const auto found = contacts.add(store, context, caller, numbers);
                        return found ? ok({{"contacts", contacts_json(*found)}}) : refusal(found.error());
                      }};
                    }});

  routes.push_back({"DELETE", "/api/contacts/{user_id}", Access::token, [&](Input& in) -> Work {
                      const auto user = in.path_id<UserId>("user_id");
                      return Write{[&, user](Store& store, WriteContext& context, const Caller& caller) {
                        const auto done = contacts.remove(store, context, caller, user);
                        return done ? no_content() : refusal(done.error());
                      }};
                    }});

  routes.push_back({"PUT", "/api/blocks/{user_id}", Access::token, [&](Input& in) -> Work {
                      const auto user = in.path_id<UserId>("user_id");
                      return Write{[&, user](Store& store, WriteContext& context, const Caller& caller) {
                        const auto done = contacts.block(store, context, caller, user);
                        return done ? no_content() : refusal(done.error());
                      }};
                    }});

  routes.push_back({"DELETE", "/api/blocks/{user_id}", Access::token, [&](Input& in) -> Work {
                      const auto user = in.path_id<UserId>("user_id");
                      return Write{[&, user](Store& store, WriteContext& context, const Caller& caller) {
                        const auto done = contacts.unblock(store, context, caller, user);
                        return done ? no_content() : refusal(done.error());
                      }};
                    }});
}

}  // namespace sotto::server
