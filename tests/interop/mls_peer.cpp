// One client of sdk/mls on a pipe, for tests that are driven from another language: a command a line on
// standard input, one answer a line. Byte strings are hexadecimal, "-" stands for nothing.
//
//   identity SUITE NAME                        ok
//   key_package                                ok MESSAGE
//   create GROUP_ID                            ok
//   join WELCOME                               ok
//   group_info                                 ok MESSAGE
//   join_external GROUP_INFO [LEAF]            ok COMMIT        in the group at once; LEAF is our former leaf
//   commit FORMAT [PROPOSAL ...]               ok COMMIT WELCOME       waits for `adopt`
//   adopt                                      ok
//   propose FORMAT PROPOSAL                    ok MESSAGE
//   protect TEXT                               ok MESSAGE
//   process MESSAGE                            ok application LEAF TEXT | ok proposal | ok commit |
//                                              ok removed
//   state                                      ok EPOCH LEAF MEMBERS AUTHENTICATOR TREE_HASH EXPORTED
//   FORMAT is public or private. PROPOSAL is add:KEY_PACKAGE, remove:LEAF, psk:ID or update (propose only).
//
// Anything that goes wrong is answered by `error CODE`, and leaves the client as it was.
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>

#include <sodium.h>

#include "base/random.hpp"
#include "sotto/mls/group.hpp"

namespace sotto::mls {
namespace {

/// What ends a command: caught by the loop, so that each command reads as its steps.
struct Failed {
  std::string code;
};

template <class T>
T must(Result<T> result) {
  if (!result) throw Failed{std::string(to_string(result.error().code))};
  return std::move(result).value();
}

/// Every PSK has this value: both ends know it.
class OnePsk final : public PskSource {
 public:
  [[nodiscard]] std::optional<SecretBytes> external_psk(ByteView) const override {
    return SecretBytes(Bytes(32, 0x42));
  }
};

using Words = std::vector<std::string>;

class Peer {
 public:
  std::string answer(const Words& words) {
    static const std::map<std::string, std::string (Peer::*)(const Words&)> commands{
        {"identity", &Peer::be},
        {"key_package", &Peer::key_package},
        {"create", &Peer::create},
        {"join", &Peer::join},
        {"group_info", &Peer::group_info},
        {"adopt", &Peer::adopt},
        {"join_external", &Peer::external},
        {"commit", &Peer::commit},
        {"propose", &Peer::propose},
        {"protect", &Peer::protect},
        {"process", &Peer::process},
        {"state", &Peer::state}};
    const auto at = words.empty() ? commands.end() : commands.find(words[0]);
    if (at == commands.end()) throw Failed{"no such command"};
    return (this->*at->second)(words);
  }

 private:
  static const std::string& word(const Words& words, std::size_t i) {
    if (i >= words.size()) throw Failed{"a word is missing"};
    return words[i];
  }
  static Bytes bytes(const std::string& text) {
    if (text == "-") return {};
    auto decoded = from_hex(text);
    if (!decoded) throw Failed{"not hexadecimal"};
    return std::move(*decoded);
  }
  static LeafIndex leaf(const std::string& text) {
    return {static_cast<std::uint32_t>(std::strtoul(text.c_str(), nullptr, 10))};
  }
  static HandshakeFormat format(const Words& words) {
    return word(words, 1) == "public" ? HandshakeFormat::public_message : HandshakeFormat::private_message;
  }
  Identity& identity() {
    if (!identity_) throw Failed{"no identity"};
    return *identity_;
  }
  Group& group() {
    if (!group_) throw Failed{"no group"};
    return *group_;
  }
  Environment env() { return {system_random(), wall_clock_now, policy_, &psks_}; }
  [[nodiscard]] static Lifetime lifetime() {
    return Lifetime::between(wall_clock_now() - std::chrono::hours(1),
                             wall_clock_now() + std::chrono::hours(24));
  }

  Proposal proposal(const std::string& text) {
    const std::size_t colon = text.find(':');
    const std::string kind = text.substr(0, colon);
    const std::string value = colon == std::string::npos ? "" : text.substr(colon + 1);
    if (kind == "add") return Proposal::add(must(KeyPackage::from_message(bytes(value))));
    if (kind == "remove") return Proposal::remove(leaf(value));
    if (kind == "psk") return Proposal::external_psk(bytes(value), system_random());
    throw Failed{"no such proposal"};
  }

  std::string be(const Words& words) {
    suite_ = static_cast<CipherSuite>(std::strtoul(word(words, 1).c_str(), nullptr, 10));
    identity_ =
        Identity{Credential::basic(as_bytes(word(words, 2))), SignatureKeyPair::generate(system_random())};
    return "ok";
  }
  std::string key_package(const Words&) {
    package_ = must(make_key_package(suite_, identity(), lifetime(), {}, env()));
    return "ok " + to_hex(package_->message);
  }
  std::string create(const Words& words) {
    GroupParams params;
    params.cipher_suite = suite_;
    params.group_id = bytes(word(words, 1));
    params.lifetime = lifetime();
    group_ = must(Group::create(params, identity().clone(), env()));
    return "ok";
  }
  std::string join(const Words& words) {
    if (!package_) throw Failed{"no key package"};
    group_ = must(Group::join(bytes(word(words, 1)), *package_, identity().clone(), {}, env()));
    package_.reset();
    return "ok";
  }
  std::string group_info(const Words&) { return "ok " + to_hex(must(group().group_info({}))); }
  std::string external(const Words& words) {
    ExternalJoinOptions options;
    if (words.size() > 2) options.replaces = leaf(words[2]);
    auto joined = must(Group::join_external(bytes(word(words, 1)), identity().clone(), options, env()));
    group_ = std::move(joined.group);
    return "ok " + to_hex(joined.commit);
  }
  std::string commit(const Words& words) {
    CommitOptions options;
    options.format = format(words);
    for (std::size_t i = 2; i < words.size(); ++i)
      options.proposals.push_back(proposal(words[i]));
    CommitResult made = must(group().commit(options, env()));
    pending_ = std::move(made.pending);
    return "ok " + to_hex(made.message) + ' ' + (made.welcome ? to_hex(*made.welcome) : "-");
  }
  std::string adopt(const Words&) {
    if (!pending_) throw Failed{"no commit is pending"};
    must(group().adopt(std::move(*pending_), env()));
    pending_.reset();
    return "ok";
  }
  std::string propose(const Words& words) {
    ProposeOptions options;
    options.format = format(words);
    if (word(words, 2) == "update")
      return "ok " + to_hex(must(group().propose_update(nullptr, options, env())));
    return "ok " + to_hex(must(group().propose(proposal(words[2]), options, env())));
  }
  std::string protect(const Words& words) {
    return "ok " + to_hex(must(group().protect(bytes(word(words, 1)), {}, env())));
  }
  std::string process(const Words& words) {
    const ProcessedMessage done = must(group().process(bytes(word(words, 1)), env()));
    if (const auto* text = done.as<ApplicationMessage>())
      return "ok application " + std::to_string(text->sender.value) + ' ' + to_hex(text->data);
    if (done.as<ProposalReceived>() != nullptr) return "ok proposal";
    return done.as<EpochChange>()->removed_me ? "ok removed" : "ok commit";
  }
  std::string state(const Words&) {
    const Group& g = group();
    std::ostringstream out;
    out << "ok " << g.epoch().value << ' ' << g.own_leaf().value << ' ' << g.member_count() << ' '
        << to_hex(g.epoch_authenticator().view()) << ' ' << to_hex(g.tree_hash()) << ' '
        << to_hex(must(g.export_secret("interop", as_bytes("context"), 32)).view());
    return out.str();
  }

  AcceptEveryCredential policy_;
  OnePsk psks_;
  CipherSuite suite_ = kDefaultSuite;
  std::optional<Identity> identity_;
  std::optional<KeyPackageBundle> package_;
  std::optional<Group> group_;
  std::optional<PendingCommit> pending_;
};

std::string reply(Peer& peer, const std::string& line) {
  std::istringstream in(line);
  Words words;
  for (std::string w; in >> w;)
    words.push_back(w);
  try {
    return peer.answer(words);
  } catch (const Failed& failed) {
    return "error " + failed.code;
  }
}

}  // namespace
}  // namespace sotto::mls

int main() {
  if (sodium_init() < 0) return 2;
  sotto::mls::Peer peer;
  for (std::string line; std::getline(std::cin, line);)
    std::cout << sotto::mls::reply(peer, line) << std::endl;
  return 0;
}
