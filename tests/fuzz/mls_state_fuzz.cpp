// Saved states: any bytes, and records of a real group that were changed and given their checksum again. What
// loads can be saved and loaded again, to the same, and used.
//
//   byte 0       the rest: 0 is a saved Group, 1 a PendingCommit, 2 a KeyPackageBundle;
//                3 edits a record of a real group, which byte 1 picks; 4 is that record's new contents
#include <sodium.h>

#include "tests/fuzz/mls_scene.hpp"

namespace sotto::mls {
namespace {

constexpr std::size_t kChecksumSize = 4;  // docs/state-format.md

struct StateScene : Scene {
  std::vector<std::pair<Bytes, Bytes>> records;  ///< without their checksums

  StateScene() {
    for (int i = 0; i < 3; ++i)
      (void)victim().unprotect(groups[2].protect(as_bytes("hello"), {}, world.env).value(), world.env);
    (void)victim().propose_update(nullptr, {}, world.env);
    for (const StateRecord& r : victim().take_changes()) {
      const ByteView value = r.value->view();
      records.emplace_back(r.key, to_bytes(value.first(value.size() - kChecksumSize)));
    }
  }

  static SecretBytes with_checksum(const Bytes& key, const Bytes& contents) {
    Bytes both = key;
    both.insert(both.end(), contents.begin(), contents.end());
    std::uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, both.data(), both.size());
    Bytes value = contents;
    value.insert(value.end(), hash, hash + kChecksumSize);
    return SecretBytes(value);
  }

  std::vector<StateRecord> with(std::size_t changed, const Bytes& contents) {
    std::vector<StateRecord> out;
    for (std::size_t i = 0; i < records.size(); ++i) {
      const auto& [key, original] = records[i];
      out.push_back({key, with_checksum(key, i == changed ? contents : original)});
    }
    return out;
  }
};

void use(Result<Group> group, TestWorld& world) {
  if (!group) return;
  const SecretBytes saved = group->save();
  auto again = Group::load(saved.view(), {});
  demand(again && again->save() == saved);
  (void)group->protect(as_bytes("still here"), {}, world.env);
  (void)group->commit({}, world.env);
}

void load(ByteView input) {
  static StateScene scene;
  const ByteView rest = input.subspan(1);
  switch (input[0]) {
    case 0:
      return use(Group::load(rest, {}), scene.world);
    case 1:
      if (const auto pending = PendingCommit::load(rest))
        demand(bool(PendingCommit::load(pending->save().view())));
      return;
    case 2:
      if (const auto bundle = KeyPackageBundle::load(rest))
        demand(bool(KeyPackageBundle::load(bundle->save().view())));
      return;
    case 3:
    case 4: {
      if (rest.empty()) return;
      const std::size_t which = rest[0] % scene.records.size();
      const Bytes contents =
          input[0] == 4 ? to_bytes(rest.subspan(1)) : edited(scene.records[which].second, rest.subspan(1));
      return use(Group::load(scene.with(which, contents), {}), scene.world);
    }
    default:
      return;
  }
}

}  // namespace
}  // namespace sotto::mls

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size != 0) sotto::mls::load({data, size});
  return 0;
}
