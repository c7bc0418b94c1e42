#include "sdk/cli/profile.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"

namespace sotto::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr char kKeyFile[] = "store.key";
constexpr char kServerFile[] = "server";
constexpr char kDatabaseFile[] = "sotto.db";  // the SDK's

Error cannot(const std::string& what, const fs::path& path, const std::string& why) {
  return Error(ErrorCode::invalid_argument, "cannot " + what + " " + path.string() + ": " + why);
}

Result<std::string> read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  if (!file) return cannot("read", path, std::generic_category().message(errno));
  return content.str();
}

/// Written whole under another name, made durable, then moved into place: a crash leaves the old file or the
/// new one.
Result<void> write_private_file(const fs::path& path, ByteView content) {
  const fs::path unfinished = path.string() + ".new";
  const int file = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  bool written = file >= 0;
  written = written && ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  written = written && ::fsync(file) == 0;
  const int why = errno;
  if (file >= 0) ::close(file);
  if (!written) return cannot("write", unfinished, std::generic_category().message(why));
  std::error_code error;
  fs::rename(unfinished, path, error);
  if (error) return cannot("write", path, error.message());
  return {};
}

Result<StoreKey> store_key(const fs::path& directory) {
  if (const char* passphrase = std::getenv("SOTTO_PASSPHRASE");
      passphrase != nullptr && *passphrase != '\0') {
    return StoreKey::passphrase(passphrase);
  }
  const fs::path path = directory / kKeyFile;
  std::error_code ignored;
  if (fs::exists(path, ignored)) {
    auto text = read_file(path);
    if (!text) return text.error();
    if (text->size() != kKeyBytes)
      return cannot("use", path, "a key has 32 bytes, this file has " + std::to_string(text->size()));
    StoreKey key = StoreKey::raw(to_bytes(as_bytes(*text)));
    wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
    return key;
  }
  // A new key cannot open what is there, and would hide that the old one is missing.
  if (fs::exists(directory / kDatabaseFile, ignored)) return StoreKey::none();
  auto made = SecretBytes::random(system_random(), kKeyBytes);
  if (auto saved = write_private_file(path, made.view()); !saved) return saved.error();
  return StoreKey::raw(to_bytes(made.view()));
}

/// The server used last, "" where none was.
Result<std::string> remembered_server(const fs::path& directory) {
  const fs::path path = directory / kServerFile;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::string();
  auto text = read_file(path);
  if (!text) return text;
  return boost::trim_copy(*text);
}

/// What is wrong with an address, in the words of somebody who typed it.
Result<void> check_address(const std::string& server, bool insecure) {
  const auto url = boost::urls::parse_uri(server);
  const bool is_plain = url && url->scheme_id() == boost::urls::scheme::http;
  if (!is_plain && !(url && url->scheme_id() == boost::urls::scheme::https)) {
    return Error(ErrorCode::invalid_argument,
                 "\"" + server + "\" is no server's address; write it like https://chat.example.org");
  }
  if (is_plain && !insecure && !is_on_this_machine(server)) {
    return Error(ErrorCode::invalid_argument,
                 "http:// would send your code and your messages unencrypted to " + std::string(url->host()) +
                     "; use https://, or --insecure if you know the way there is safe");
  }
  return {};
}

/// All but the server's address.
Result<ClientOptions> client_options(const ProfilePlace& profile, const ProfileArguments& arguments) {
  ClientOptions options;
  options.directory = profile.directory;
  auto key = store_key(profile.directory);
  if (!key) return key.error();
  options.key = std::move(*key);
  options.device_name = "sotto in a terminal";
  options.user_agent = "sotto-cli/" SOTTO_VERSION;
  if (!arguments.trusted_roots_file.empty()) {
    auto roots = read_file(arguments.trusted_roots_file);
    if (!roots) return roots.error();
    options.trusted_roots_pem = std::move(*roots);
  }
  return options;
}

}  // namespace

fs::path profile_directory(const std::string& name) {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && *data != '\0') return fs::path(data) / "sotto" / name;
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : ".") / ".local" / "share" / "sotto" / name;
}

bool is_on_this_machine(const std::string& server) {
  const auto url = boost::urls::parse_uri(server);
  if (!url) return false;
  switch (url->host_type()) {
    case boost::urls::host_type::ipv4:
      return url->host_ipv4_address().is_loopback();
    case boost::urls::host_type::ipv6:
      return url->host_ipv6_address().is_loopback();
    default:
      return boost::iequals(url->host(), "localhost");
  }
}

Result<ProfilePlace> find_profile(const ProfileArguments& arguments) {
  if (arguments.store.empty() &&
      (arguments.profile.empty() || arguments.profile.find('/') != std::string::npos)) {
    return Error(ErrorCode::invalid_argument,
                 "--profile is a plain name, not a path; --store takes a directory");
  }
  ProfilePlace profile;
  profile.directory = arguments.store.empty() ? profile_directory(arguments.profile) : arguments.store;
  auto remembered = remembered_server(profile.directory);
  if (!remembered) return remembered.error();
  profile.server = arguments.server.empty() ? *remembered : arguments.server;
  if (profile.server.empty())
    return Error(ErrorCode::invalid_argument, "which server? Say so once, with --server https://…");
  if (auto good = check_address(profile.server, arguments.insecure); !good) return good.error();
  std::error_code error;
  // What is inside is nobody else's business; a directory that was there before is its owner's to protect.
  if (fs::create_directories(profile.directory, error))
    fs::permissions(profile.directory, fs::perms::owner_all, error);
  if (error) return cannot("make", profile.directory, error.message());
  return profile;
}

Result<std::unique_ptr<Client>> open_profile(const ProfilePlace& profile, const ProfileArguments& arguments) {
  auto options = client_options(profile, arguments);
  if (!options) return options.error();
  auto remembered = remembered_server(profile.directory);
  if (!remembered) return remembered.error();
  std::error_code ignored;
  if (!remembered->empty() && *remembered != profile.server &&
      fs::exists(profile.directory / kDatabaseFile, ignored)) {
    // A store of an earlier version takes the first address that it is opened with: let it be its own.
    auto at_old_address = *options;
    at_old_address.server_url = *remembered;
    auto client = Client::open(std::move(at_old_address));
    if (!client && client.error().code != ErrorCode::invalid_argument &&
        client.error().code != ErrorCode::store_other_server)
      return client.error();
  }
  options->server_url = profile.server;
  options->server_moved = arguments.server_moved;
  auto client = Client::open(std::move(*options));
  if (!client) return client;
  if (*remembered != profile.server) {
    if (auto saved = write_private_file(profile.directory / kServerFile, as_bytes(profile.server)); !saved)
      return saved.error();
  }
  return client;
}

}  // namespace sotto::cli
