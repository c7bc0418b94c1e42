// What a newcomer does with a Welcome or GroupInfo: strangers' bytes, and those of a hostile member who signs
// whatever it likes. A group that is joined is a whole one.
//
//   byte 0       the rest: 0 is a Welcome; 1 is a GroupInfo message; 2 edits a genuine GroupInfo, which is
//                signed again; 3 edits its tree, which is hashed and signed again; 4 is such a tree;
//                5 edits a genuine Welcome
#include "sdk/mls/src/messages/framing.hpp"
#include "sdk/mls/src/messages/welcome.hpp"
#include "sdk/mls/src/tree/tree_codec.hpp"
#include "sdk/mls/src/tree/tree_validation.hpp"
#include "tests/fuzz/mls_scene.hpp"

namespace sotto::mls {
namespace {

struct JoinScene : Scene {
  TestClient newcomer{world, "newcomer"};
  KeyPackageBundle bundle = newcomer.package();
  Bytes welcome;
  GroupInfo info;
  Bytes tree;

  JoinScene() {
    CommitOptions options;
    options.proposals = {Proposal::add(bundle.key_package)};
    welcome = *hostile().commit(options, world.env)->welcome;
    const Bytes message = hostile().group_info({}).value();
    info = std::move(parse<GroupInfo>(ByteView(message).subspan(4))).value();
    tree = find_extension(info.extensions, ExtensionType::ratchet_tree)->data;
  }

  Bytes signed_again(GroupInfo changed) {
    sign_group_info(changed, hostile().identity().keys);
    return to_message(WireFormat::group_info, changed);
  }
  Bytes with_tree(const Bytes& bytes) {
    GroupInfo changed = info;
    for (Extension& e : changed.extensions) {
      if (e.type == ExtensionType::ratchet_tree) e.data = bytes;
    }
    // A list of unmerged leaves that points outside of the tree has no hash; the join refuses it before.
    if (const auto parsed = parse<RatchetTree>(bytes); parsed && check_unmerged_leaves(*parsed)) {
      const HashValue& hash = parsed->root_hash();
      changed.context.tree_hash.assign(hash.begin(), hash.end());
    }
    return signed_again(std::move(changed));
  }
};

void check(Group& group, TestWorld& world) {
  demand(bool(Group::load(group.save().view(), group.config())));
  demand(bool(group.protect(as_bytes("here"), {}, world.env)));
}

void join(ByteView input) {
  static JoinScene scene;
  const ByteView rest = input.subspan(1);
  const Environment& env = scene.world.env;
  Bytes info;
  switch (input[0]) {
    case 0:
    case 5: {
      const Bytes welcome = input[0] == 0 ? to_bytes(rest) : edited(scene.welcome, rest);
      auto group = Group::join(welcome, scene.bundle, scene.newcomer.identity.clone(), {}, env);
      if (group) check(*group, scene.world);
      return;
    }
    case 1:
      info = to_bytes(rest);
      break;
    case 2: {
      auto changed = parse<GroupInfo>(edited(encode(scene.info), rest));
      if (!changed) return;
      info = scene.signed_again(std::move(*changed));
      break;
    }
    case 3:
      info = scene.with_tree(edited(scene.tree, rest));
      break;
    case 4:
      info = scene.with_tree(to_bytes(rest));
      break;
    default:
      return;
  }
  auto joined = Group::join_external(info, scene.newcomer.identity.clone(), {}, env);
  if (joined) check(joined->group, scene.world);
}

}  // namespace
}  // namespace sotto::mls

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size != 0) sotto::mls::join({data, size});
  return 0;
}
