#include "server/config/load.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/config/keys.hpp"

namespace sotto::server {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// A file that is gone with the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text) {
    std::string pattern = (std::filesystem::temp_directory_path() / "sotto-config-XXXXXX").string();
    const int fd = mkstemp(pattern.data());
    if (fd >= 0) close(fd);
    path_ = pattern;
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string error_of(const std::vector<std::string>& arguments, const Environment& environment = {}) {
  const auto loaded = load_config(arguments, environment);
  return loaded ? "it was accepted" : loaded.error();
}

// A value that every key takes and that is not its default.
std::string other_value(const ConfigKey& key) {
  static const std::map<std::string_view, std::string> special{
      {"listen", "127.0.0.2:9"},
      {"tls_certificate", "c.pem"},
      {"tls_private_key", "k.pem"},
      {"trusted_proxies", "10.0.0.0/8, 2001:db8::/32"},
      {"data", "elsewhere"},
      {"allowed_origins", "https://chat.example, *"},
      {"otp_sender", "webhook"},
      {"otp_webhook_url", "https://codes.example/send"},
      {"log_level", "debug"},
      {"log_format", "json"},
      {"silence_limit", "76s"},
      {"presence_ttl", "91s"},
      {"presence_heartbeat", "61s"},
      {"storage_readers", "3"},
      {"node_id", "1"},
      {"message_burst", "101"},
      {"message_bytes_burst", "3MiB"},
      {"messages_per_second", "21"},
      {"io_threads", "2"},
      {"io_uring", "false"},
      {"joined_log", "false"},
      {"write_fanout_max_members", "7"}};
  if (const auto found = special.find(key.name); found != special.end()) return found->second;
  if (key.is_switch()) return "true";
  if (key.secret) return "0123456789abcdef";
  const std::string value = key.get(Config{});
  if (key.value == "NUMBER") return std::to_string(std::stoull(value) + 1);
  if (key.value == "DURATION")
    return std::to_string(std::stoull(value) + 1) + value.substr(value.find_first_not_of("0123456789"));
  if (key.value == "SIZE") return std::to_string(std::stoull(value) + 1) + "KiB";
  return "unknown kind of key";
}

// What goes with the values above, so that each is part of a configuration without contradictions.
std::string companions_of(const ConfigKey& key) {
  std::string lines;
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"tls_certificate", "c"}, {"tls_private_key", "k"}, {"otp_webhook_url", "https://codes.example/"}})
    if (name != key.name) lines += name + " = \"" + value + "\"\n";
  return lines;
}

TEST(Config, EveryKeyIsTakenFromFileEnvironmentAndFlag) {
  for (const ConfigKey& key : config_keys()) {
    const std::string value = other_value(key);
    Config expected;
    ASSERT_EQ(key.set(expected, value), std::nullopt) << key.name;
    ASSERT_NE(key.get(expected), key.get(Config{})) << key.name;

    const auto gives_it = [&](const Result<LoadedConfig, std::string>& loaded, const std::string& from) {
      ASSERT_TRUE(loaded) << loaded.error();
      EXPECT_EQ(key.get(loaded->config), key.get(expected)) << key.name << " from " << from;
    };
    const TemporaryFile base(companions_of(key));
    const TemporaryFile file(companions_of(key) + std::string(key.name) + " = '" + value + "'\n");
    gives_it(load_config({"--config", file.path()}, {}), "the file");
    gives_it(load_config({"--config", base.path()}, {{key.environment(), value}}), "the environment");
    if (!key.secret)
      gives_it(load_config({"--config", base.path(), key.flag() + "=" + value}, {}), "the flag");
  }
}

TEST(Config, EveryKeyRefusesNonsenseAndSaysWhatItWants) {
  for (const ConfigKey& key : config_keys()) {
    const bool any_text = key.value == "FILE" || key.value == "DIR" || key.value == "URL" || key.secret;
    if (any_text) continue;
    Config config;
    const std::string before = key.get(config);
    const auto problem = key.set(config, "!?");
    ASSERT_TRUE(problem) << key.name;
    EXPECT_GT(problem->size(), 10u) << key.name;
    EXPECT_EQ(key.get(config), before) << key.name;
  }
}

TEST(Config, AnErrorIsOneShortLineWhateverTheValueWas) {
  Config config;
  const auto problem = find_key("node_id")->set(config, "\n\x1b[31m\xFF" + std::string(100'000, 'x'));
  ASSERT_TRUE(problem);
  EXPECT_LT(problem->size(), 200u);
  EXPECT_EQ(problem->find_first_of("\n\x1b\xFF"), std::string::npos) << *problem;
}

TEST(Config, EveryNumberDurationAndSizeHasARange) {
  for (const ConfigKey& key : config_keys()) {
    if (key.value != "NUMBER" && key.value != "DURATION" && key.value != "SIZE") continue;
    Config config;
    const std::string unit = key.value == "DURATION" ? "d" : "";
    EXPECT_THAT(key.set(config, "9999999999" + unit).value_or("accepted"), HasSubstr("out of range"))
        << key.name;
  }
}

TEST(Config, AFlagGoesBeforeTheEnvironmentAndThatBeforeTheFile) {
  const TemporaryFile file("node_id = 1\nmax_connections = 11\nmessage_burst = 111\n");
  const auto loaded = load_config({"--config", file.path(), "--node-id", "3"},
                                  {{"SOTTO_NODE_ID", "2"}, {"SOTTO_MAX_CONNECTIONS", "22"}});
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->config.node_id, 3u);
  EXPECT_EQ(loaded->config.max_connections, 22u);
  EXPECT_EQ(loaded->config.message_burst, 111u);
  EXPECT_EQ(loaded->config.otp_per_hour, 5u);
  EXPECT_EQ(loaded->origins.at("node_id"), "--node-id");
  EXPECT_EQ(loaded->origins.at("max_connections"), "SOTTO_MAX_CONNECTIONS");
  EXPECT_EQ(loaded->origins.at("message_burst"), file.path() + ":3");
}

TEST(Config, TheFileMayBeNamedByTheEnvironment) {
  const TemporaryFile file("node_id = 9\n");
  const auto loaded = load_config({}, {{"SOTTO_CONFIG", file.path()}});
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->config.node_id, 9u);
}

TEST(Config, AFlagMayBeWrittenBothWaysAndTheLastOneCounts) {
  const auto loaded = load_config({"--node-id=4", "--node-id", "5", "--behind-proxy"}, {});
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->config.node_id, 5u);
  EXPECT_TRUE(loaded->config.behind_proxy);
}

TEST(Config, ASwitchTakesFalseToOverrideTheFile) {
  const TemporaryFile file("behind_proxy = true\n");
  const auto loaded = load_config({"--config", file.path(), "--behind-proxy=false"}, {});
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_FALSE(loaded->config.behind_proxy);
}

TEST(Config, AnUnknownFlagIsNamedWithTheOneThatWasMeant) {
  EXPECT_THAT(error_of({"--max-group-member", "5"}),
              AllOf(HasSubstr("--max-group-member "), HasSubstr("did you mean --max-group-members?")));
  EXPECT_THAT(error_of({"--zzz"}),
              AllOf(HasSubstr("--zzz is not an option"), Not(HasSubstr("did you mean"))));
  EXPECT_THAT(error_of({"serve"}), HasSubstr("\"serve\" is not expected"));
}

TEST(Config, AFlagWithoutItsValueIsNamed) {
  EXPECT_EQ(error_of({"--listen"}), "--listen: needs a value");
  EXPECT_EQ(error_of({"--config"}), "--config: needs a value");
  EXPECT_EQ(error_of({"--zzz"}), "--zzz is not an option; --help lists them");
}

TEST(Config, ABadValueIsNamedWhereverItCameFrom) {
  EXPECT_THAT(error_of({"--node-id", "x"}), AllOf(StartsWith("--node-id: "), HasSubstr("0 to 1023")));
  EXPECT_THAT(error_of({}, {{"SOTTO_NODE_ID", "1024"}}),
              AllOf(StartsWith("SOTTO_NODE_ID: "), HasSubstr("1024 is out of range")));
  const TemporaryFile file("\n\nnode_id = -1\n");
  EXPECT_THAT(error_of({"--config", file.path()}), StartsWith(file.path() + ":3: node_id: "));
}

TEST(Config, AnUnknownKeyOfTheFileIsNamedWithItsLine) {
  const TemporaryFile file("max_groop_members = 5\n");
  EXPECT_THAT(error_of({"--config", file.path()}),
              AllOf(StartsWith(file.path() + ":1: max_groop_members is not a setting"),
                    HasSubstr("did you mean max_group_members?")));
}

TEST(Config, TheFileCannotTurnDevelopmentModeOn) {
  const TemporaryFile file("dev = true\n");
  EXPECT_THAT(error_of({"--config", file.path()}), HasSubstr("dev is not a setting"));
}

TEST(Config, AFileThatIsNotThereIsNamed) {
  EXPECT_THAT(error_of({"--config", "/nonexistent/sotto.toml"}),
              AllOf(HasSubstr("/nonexistent/sotto.toml"), HasSubstr("No such file")));
  EXPECT_THAT(error_of({"--config", "/"}), HasSubstr("/: cannot be read"));
}

TEST(Config, AListIsRefusedWhereOneValueIsMeant) {
  const TemporaryFile file("node_id = [1, 2]\n");
  EXPECT_THAT(error_of({"--config", file.path()}), HasSubstr("node_id: takes one value"));
}

TEST(Config, AVariableThatIsProbablyASlipIsWarnedOf) {
  const auto loaded =
      load_config({}, {{"SOTTO_LISTN", "127.0.0.1:1"}, {"SOTTO_STORE_OF_SOMETHING_ELSE", "x"}});
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->warnings, ElementsAre(HasSubstr("did you mean SOTTO_LISTEN?")));
}

TEST(Config, SecretsAreNoFlagsAndAreNeverPrinted) {
  const auto loaded = load_config({"--print-config"}, {{"SOTTO_METRICS_TOKEN", "correct horse battery"}});
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(as_text(loaded->config.metrics_token.view()), "correct horse battery");
  EXPECT_THAT(format_config(*loaded),
              AllOf(Not(HasSubstr("horse")), HasSubstr("metrics_token is set, and not shown")));
  EXPECT_THAT(error_of({"--metrics-token", "correct horse battery"}),
              AllOf(HasSubstr("SOTTO_METRICS_TOKEN"), Not(HasSubstr("horse"))));
  const auto weak = load_config({}, {{"SOTTO_METRICS_TOKEN", "letmein"}});
  EXPECT_THAT(weak->warnings,
              ElementsAre(AllOf(HasSubstr("metrics_token is short"), Not(HasSubstr("letmein")))));
}

TEST(Config, WhatPrintConfigPrintsIsAFileThatGivesTheSame) {
  const auto loaded =
      load_config({"--node-id", "7", "--trusted-proxies", "10.0.0.0/8,::1", "--presence-ttl", "2m",
                   "--max-frame-size", "128KiB", "--data", "a \"b\" \\c", "--require-encryption",
                   "--log-format", "json", "--allowed-origins", "https://a.example"},
                  {});
  ASSERT_TRUE(loaded) << loaded.error();
  const std::string printed = format_config(*loaded);
  const TemporaryFile file(printed);
  const auto again = load_config({"--config", file.path()}, {});
  ASSERT_TRUE(again) << again.error() << "\n" << printed;
  for (const ConfigKey& key : config_keys())
    EXPECT_EQ(key.get(again->config), key.get(loaded->config)) << key.name;
}

TEST(Config, DevelopmentModeHasNoRateLimitsUnlessGiven) {
  const auto loaded = load_config({"--dev", "--otp-per-hour", "3"}, {});
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_TRUE(loaded->config.dev);
  EXPECT_EQ(loaded->config.messages_per_second, 0u);
  EXPECT_EQ(loaded->config.message_bytes_per_second, 0u);
  EXPECT_EQ(loaded->config.rest_reads_per_second, 0u);
  EXPECT_EQ(loaded->config.rest_writes_per_second, 0u);
  EXPECT_EQ(loaded->config.logins_per_minute, 0u);
  EXPECT_EQ(loaded->config.otp_per_hour, 3u);
  EXPECT_EQ(loaded->config.data, "sotto-dev-data");
}

TEST(Config, DevelopmentModeStaysOnLoopback) {
  EXPECT_THAT(error_of({"--dev", "--listen", "0.0.0.0:7070"}), HasSubstr("loopback only"));
  EXPECT_THAT(
      error_of({"--dev", "--listen", "0.0.0.0:7070", "--tls-certificate", "c", "--tls-private-key", "k"}),
      HasSubstr("loopback only"));
  EXPECT_THAT(error_of({"--dev", "--behind-proxy"}), HasSubstr("behind_proxy"));
  EXPECT_TRUE(load_config({"--dev", "--listen", "[::1]:0"}, {}));
}

TEST(Config, BeyondLoopbackItWantsTlsOrAProxy) {
  EXPECT_THAT(error_of({"--listen", "0.0.0.0:7070"}),
              AllOf(HasSubstr("listen"), HasSubstr("tls_certificate"), HasSubstr("behind_proxy")));
  EXPECT_TRUE(load_config({"--listen", "0.0.0.0:7070", "--behind-proxy"}, {}));
  EXPECT_TRUE(
      load_config({"--listen", "0.0.0.0:7070", "--tls-certificate", "c", "--tls-private-key", "k"}, {}));
}

TEST(Config, SettingsThatContradictEachOtherAreNamed) {
  EXPECT_THAT(error_of({"--tls-certificate", "c"}), HasSubstr("tls_private_key"));
  EXPECT_THAT(error_of({"--silence-limit", "30s"}), HasSubstr("silence_limit"));
  EXPECT_THAT(error_of({"--presence-ttl", "60s"}), HasSubstr("presence_ttl"));
  EXPECT_THAT(error_of({"--message-burst", "19"}), HasSubstr("message_burst"));
  EXPECT_THAT(error_of({"--data", ""}), HasSubstr("data"));
  EXPECT_THAT(error_of({"--message-bytes-burst", "127KiB"}), HasSubstr("message_bytes_burst"));
  EXPECT_THAT(error_of({"--rest-read-burst", "19"}), HasSubstr("rest_read_burst"));
  EXPECT_THAT(error_of({"--rest-write-burst", "4"}), HasSubstr("rest_write_burst"));
}

TEST(Config, AFullGroupFitsARequestOrIsNotAllowed) {
  EXPECT_TRUE(load_config({"--max-group-members", "2000"}, {}));
  EXPECT_THAT(error_of({"--max-group-members", "2001"}), HasSubstr("max-group-members"));
  EXPECT_THAT(error_of({"--max-group-members", "2000", "--max-body-size", "32KiB"}),
              AllOf(HasSubstr("max_group_members"), HasSubstr("max_body_size")));
  EXPECT_TRUE(load_config({"--max-group-members", "2000", "--max-body-size", "48KiB"}, {}));
}

TEST(Config, TheWebhookHasToBeAUrlThatKeepsCodesPrivate) {
  const auto with_url = [](const char* url) {
    return error_of({"--otp-sender", "webhook", "--otp-webhook-url", url});
  };
  EXPECT_THAT(error_of({"--otp-sender", "webhook"}), HasSubstr("otp_webhook_url: is missing"));
  for (const char* url : {"codes.example", "ftp://codes.example/", "https://", "http//x", "https://a b/"})
    EXPECT_THAT(with_url(url), HasSubstr("is not a URL")) << url;
  for (const char* url :
       {"http://codes.example/", "http://127.0.0.1.evil.example/", "http://localhost@evil.example/"})
    EXPECT_THAT(with_url(url), HasSubstr("in the clear")) << url;
  for (const char* url :
       {"https://codes.example/send", "http://127.0.0.1:99/send", "http://localhost:1/", "http://[::1]:1/"})
    EXPECT_EQ(with_url(url), "it was accepted") << url;
}

TEST(Config, HelpNamesEveryKeyWithItsDefault) {
  const std::string help = help_text();
  for (const ConfigKey& key : config_keys())
    EXPECT_THAT(help, HasSubstr(key.secret ? key.environment() : key.flag()));
  EXPECT_THAT(help, HasSubstr("--max-group-members NUMBER  [500]"));
  std::size_t start = 0;
  while (start < help.size()) {
    const auto end = help.find('\n', start);
    EXPECT_LE(end - start, 110u) << help.substr(start, end - start);
    start = end + 1;
  }
}

TEST(Config, AskingForHelpWinsOverMistakes) {
  EXPECT_EQ(load_config({"--nonsense", "--help"}, {})->action, Action::help);
  EXPECT_EQ(load_config({"-h"}, {})->action, Action::help);
  EXPECT_EQ(load_config({"--version"}, {})->action, Action::version);
  EXPECT_EQ(load_config({"--check-config"}, {})->action, Action::check_config);
  const auto backup = load_config({"--data", "d", "--backup", "/backup/b.db"}, {});
  EXPECT_EQ(backup->action, Action::back_up);
  EXPECT_EQ(backup->file, "/backup/b.db");
  const auto restore = load_config({"--restore=/backup/b.db"}, {});
  EXPECT_EQ(restore->action, Action::restore);
  EXPECT_EQ(restore->file, "/backup/b.db");
  EXPECT_FALSE(load_config({"--backup", "a", "--restore", "b"}, {}));
  EXPECT_FALSE(load_config({"--restore"}, {}));
}

}  // namespace
}  // namespace sotto::server
