// What a live group does with anything that arrives: strangers' bytes, genuine messages that were changed,
// and Proposals and Commits of a hostile member, rightly signed and tagged. An error leaves the group
// untouched.
//
//   byte 0       0 the rest is a message; 1 it edits a genuine message, which byte 1 picks;
//                2 it is a Proposal and 3 a Commit that the hostile member sends; 4 it edits a genuine Commit
//                with a path and 5 one without, sent by the hostile member
#include "sdk/mls/src/messages/proposal_codec.hpp"
#include "tests/fuzz/mls_scene.hpp"
#include "tests/unit/sdk/mls/forging.hpp"

namespace sotto::mls {
namespace {

struct ProcessScene : Scene {
  std::vector<Bytes> genuine;
  Bytes commit_with_path;
  Bytes commit_without_path;
  Bytes confirmation_tag;  ///< right for a commit that was not changed; only its length matters otherwise
  SecretBytes saved;

  ProcessScene() {
    const Environment& env = world.env;
    TestClient eve(world, "eve");
    const Proposal add = Proposal::add(eve.package().key_package);
    for (const HandshakeFormat format : {HandshakeFormat::public_message, HandshakeFormat::private_message}) {
      CommitOptions options;
      options.format = format;
      genuine.push_back(groups[2].commit(options, env)->message);
      options.proposals = {add, Proposal::remove(LeafIndex{3})};
      genuine.push_back(groups[2].commit(options, env)->message);
      ProposeOptions propose;
      propose.format = format;
      genuine.push_back(groups[2].propose_update(nullptr, propose, env).value());
    }
    genuine.push_back(groups[2].protect(as_bytes("hello"), {}, env).value());
    genuine.push_back(
        Group::join_external(groups[2].group_info({}).value(), eve.identity.clone(), {}, env)->commit);
    genuine.push_back(make_new_member_proposal(groups[2].group_id(), groups[2].epoch(),
                                               eve.package().key_package, eve.identity.keys)
                          .value());
    CommitOptions options;
    options.format = HandshakeFormat::public_message;
    options.proposals = {add, Proposal::remove(LeafIndex{3})};
    commit_with_path = commit_of(options);
    options.proposals = {add};
    options.force_path = false;
    commit_without_path = commit_of(options);
    saved = victim().save();
  }

  Bytes commit_of(const CommitOptions& options) {
    const Bytes message = hostile().commit(options, world.env)->message;
    Reader r(message);
    read_message_head(r);
    PublicMessage parsed;
    read(r, parsed);
    confirmation_tag = *parsed.auth.confirmation_tag;
    return encode(*parsed.content.as<Commit>());
  }

  template <class T>
  Bytes from_hostile(ByteView body) {
    auto content = parse<T>(body);
    if (!content) return {};
    return sign_and_tag(hostile(), content_from(hostile(), std::move(*content)), confirmation_tag);
  }

  Bytes message(ByteView input) {
    const ByteView rest = input.subspan(1);
    switch (input[0]) {
      case 1:
        return rest.empty() ? Bytes{} : edited(genuine[rest[0] % genuine.size()], rest.subspan(1));
      case 2:
        return from_hostile<Proposal>(rest);
      case 3:
        return from_hostile<Commit>(rest);
      case 4:
        return from_hostile<Commit>(edited(commit_with_path, rest));
      case 5:
        return from_hostile<Commit>(edited(commit_without_path, rest));
      default:
        return to_bytes(rest);
    }
  }
};

void process(ByteView input) {
  static ProcessScene scene;
  const Bytes message = scene.message(input);
  Group group = scene.victim().clone();
  const auto done = group.process(message, scene.world.env);
  if (!done) {
    demand(group.save() == scene.saved);
    return;
  }
  // Whatever it was, the group is whole: it can be saved and loaded, and speaks if it still has a voice.
  demand(bool(Group::load(group.save().view(), group.config())));
  if (group.active()) demand(bool(group.protect(as_bytes("still here"), {}, scene.world.env)));
  demand(!group.process(message, scene.world.env) || done->as<ProposalReceived>() != nullptr);
}

}  // namespace
}  // namespace sotto::mls

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size != 0) sotto::mls::process({data, size});
  return 0;
}
