#include "sdk/store/search/text_folding.hpp"

#include <algorithm>
#include <tuple>

#include "sdk/store/search/folding_table.hpp"

namespace sotto::store {
namespace {

/// Bopomofo, Han, Yi and the Hangul syllables: a third of mankind's text, and nothing of it in the tables.
constexpr bool is_never_folded(char32_t c) {
  return (c >= 0x3100 && c <= 0xa63f) || (c >= 0xac00 && c <= 0xd7a3);
}

/// Length and value of the code point at the start of `text`. A stray byte is one of its own.
std::size_t decode(std::string_view text, char32_t& c) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  c = byte(0);
  if (c < 0xc0) return 1;
  const std::size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
  if (text.size() < length) return 1;
  c &= 0x7fu >> length;
  for (std::size_t i = 1; i < length; ++i)
    c = (c << 6) | (byte(i) & 0x3fu);
  return length;
}

void append(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | (c >> 6));
  } else {
    if (c < 0x10000) {
      put(0xe0 | (c >> 12));
    } else {
      put(0xf0 | (c >> 18));
      put(0x80 | ((c >> 12) & 0x3f));
    }
    put(0x80 | ((c >> 6) & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

char32_t fold_letter(char32_t c) {
  const auto rows = folding::letters();
  const auto row =
      std::lower_bound(rows.begin(), rows.end(), c, [](const auto& r, char32_t l) { return r.last < l; });
  if (row == rows.end() || c < row->first || (c - row->first) % row->step != 0) return c;
  return row->result + row->rises * (c - row->first);
}

std::string_view expansion_of(char32_t c) {
  const auto rows = folding::expansions();
  const auto row =
      std::lower_bound(rows.begin(), rows.end(), c, [](const auto& r, char32_t l) { return r.letter < l; });
  return row != rows.end() && row->letter == c ? row->text : std::string_view();
}

/// 0: the two are no pair.
char32_t together(char32_t letter, char32_t mark) {
  const auto rows = folding::pairs();
  const auto row = std::lower_bound(rows.begin(), rows.end(), std::tuple(mark, letter),
                                    [](const folding::Pair& r, const std::tuple<char32_t, char32_t>& wanted) {
                                      return std::tuple<char32_t, char32_t>(r.mark, r.letter) < wanted;
                                    });
  return row != rows.end() && row->mark == mark && row->letter == letter ? row->together : 0;
}

bool is_dropped(char32_t c) {
  const auto rows = folding::dropped();
  const auto row =
      std::lower_bound(rows.begin(), rows.end(), c, [](const auto& r, char32_t l) { return r.last < l; });
  return row != rows.end() && c >= row->first;
}

constexpr bool is_space(char32_t c) {
  return c <= 0x20 || (c >= 0x7f && c < 0xa0);  // fold_letter makes spaces of all others
}

class Folder {
 public:
  Folder(std::string& form, std::vector<std::uint32_t>* source) : form_(form), source_(source) {}

  void run(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      char32_t c = 0;
      const std::size_t length = decode(text.substr(at), c);
      place_ = static_cast<std::uint32_t>(at);
      take(c);
      at += length;
    }
  }

 private:
  void take(char32_t c) {
    if (c < 0x80) return put(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : is_space(c) ? ' ' : c);
    if (is_never_folded(c)) return put(c);
    if (const char32_t one = together(last_, c); one != 0) return replace_last(one);
    if (is_dropped(c)) return;
    if (const auto text = expansion_of(c); !text.empty()) return put(text);
    put(is_space(c) ? ' ' : fold_letter(c));
  }
  void put(char32_t c) {
    if (c == ' ' && last_ == ' ') return;
    last_ = c;
    last_at_ = form_.size();
    append(form_, c);
    note();
  }
  void put(std::string_view text) {
    last_ = 0;
    form_ += text;
    note();
  }
  void replace_last(char32_t c) {
    place_ = source_ != nullptr ? (*source_)[last_at_] : 0;
    form_.resize(last_at_);
    if (source_ != nullptr) source_->resize(last_at_);
    put(c);
  }
  void note() {
    if (source_ != nullptr) source_->resize(form_.size(), place_);
  }

  std::string& form_;
  std::vector<std::uint32_t>* source_;
  std::uint32_t place_ = 0;
  char32_t last_ = 0;        // code point at the end of the form; 0: none that a mark could join
  std::size_t last_at_ = 0;  // where it begins
};

}  // namespace

std::string fold(std::string_view text) {
  std::string form;
  form.reserve(text.size());
  Folder(form, nullptr).run(text);
  return form;
}

FoldedText fold_with_source(std::string_view text) {
  FoldedText out;
  Folder(out.form, &out.source).run(text);
  return out;
}

}  // namespace sotto::store
