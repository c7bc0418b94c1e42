#!/usr/bin/env python3
"""Prints the tables of sdk/store/search/folding_table.cpp, from the Unicode data that Python carries.

    tools/folding_table.py > sdk/store/search/folding_table.cpp && clang-format -i sdk/store/search/folding_table.cpp

What is in a search index was folded by these tables. Whoever changes them has every index made anew (a migration that
fills `search_rebuild`, sdk/store/schema.cpp). So the version of Unicode is fixed: Python 3.11 has it.
"""
import sys
import unicodedata

UNICODE = "14.0.0"

# Marks that are dropped: accents, and the vowel points of Hebrew and Arabic, which are seldom written.
# The vowel signs of other scripts are letters and stay.
MARKS = [
    (0x300, 0x36F), (0x483, 0x487), (0x591, 0x5BD), (0x5BF, 0x5BF), (0x5C1, 0x5C2), (0x5C4, 0x5C5), (0x5C7, 0x5C7),
    (0x610, 0x61A), (0x640, 0x640), (0x64B, 0x65F), (0x670, 0x670), (0x6D6, 0x6DC), (0x6DF, 0x6E4), (0x6E7, 0x6E8),
    (0x6EA, 0x6ED), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F),
]
# Marks of Unicode's bidirectional algorithm, joiners, soft hyphens, and what chooses between two pictures of an emoji.
INVISIBLE = [
    (0xAD, 0xAD), (0x61C, 0x61C), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xE0100, 0xE01EF),
]
# Letters that no decomposition takes apart, written by many without their stroke or as two.
LETTERS = {
    "ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ĳ": "ij",
    "ŀ": "l",
    # Cyrillic: what is written with е and и as well. All others, й above all, are letters of their own.
    "ё": "е", "ѐ": "е", "ѝ": "и",
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "ʼ": "'", "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"',
}
CYRILLIC = range(0x400, 0x530)
HANGUL = range(0xAC00, 0xD7A4)
COMPATIBILITY_IDEOGRAPHS = [*range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20)]
FULL_WIDTH = range(0xFF01, 0xFF5F)

dropped = {c for first, last in MARKS + INVISIBLE for c in range(first, last + 1)}


def without_marks(text):
    return "".join(c for c in unicodedata.normalize("NFD", text) if ord(c) not in dropped)


def folded(code):
    char = chr(code)
    if code in FULL_WIDTH:
        return chr(code - FULL_WIDTH[0] + 0x21).lower()
    if unicodedata.category(char) in ("Cn", "Co", "Cs", "Cc") or code in HANGUL or code in COMPATIBILITY_IDEOGRAPHS:
        return char
    if unicodedata.category(char) in ("Zs", "Zl", "Zp"):
        return " "
    if code in CYRILLIC:
        return LETTERS.get(char.lower(), char.casefold())
    text = "".join(LETTERS.get(c, c) for c in without_marks(without_marks(char).casefold()))
    # A letter of its own, with a mark that stays.
    if not text or any(unicodedata.category(c)[0] == "M" for c in text[1:]):
        return char.casefold() if len(char.casefold()) == 1 else char
    return LETTERS.get(text, text)


def rows(letters):
    """(first, last, step, result of first, whether results rise with the letters), as long as they go."""
    codes = sorted(letters)
    at = 0
    while at < len(codes):
        best = None
        for step in (1, 2):
            for rises in (True, False):
                end = at
                while end + 1 < len(codes) and codes[end + 1] == codes[end] + step and (
                        letters[codes[end + 1]] - letters[codes[end]] == (step if rises else 0)):
                    end += 1
                if best is None or end > best[0]:
                    best = (end, step, rises)
        end, step, rises = best
        yield codes[at], codes[end], step, letters[codes[at]], rises
        at = end + 1


def main():
    if unicodedata.unidata_version != UNICODE:
        sys.exit(f"this Python has Unicode {unicodedata.unidata_version}, the tables are of {UNICODE}")
    changed = {c: folded(c) for c in range(0x80, 0x110000) if c not in dropped}
    changed = {c: text for c, text in changed.items() if text != chr(c)}
    pairs = {}
    for code in range(0x80, 0x10000):
        parts = [int(p, 16) for p in unicodedata.decomposition(chr(code)).split() if not p.startswith("<")]
        if unicodedata.decomposition(chr(code)).startswith("<") or len(parts) != 2:
            continue
        if code in changed or code in dropped or code in HANGUL:
            continue
        pairs[parts[1], parts[0]] = code
    print('// Made by tools/folding_table.py; changes belong there.')
    print('#include "sdk/store/search/folding_table.hpp"\n\nnamespace sotto::store::folding {\nnamespace {\n')
    print("constexpr Letters kLetters[] = {")
    for first, last, step, result, rises in rows({c: ord(t) for c, t in changed.items() if len(t) == 1}):
        print(f"{{0x{first:x}, 0x{last:x}, {step}, 0x{result:x}, {int(rises)}}},")
    print("};\n\nconstexpr Expansion kExpansions[] = {")
    for code, text in sorted(changed.items()):
        if len(text) > 1:
            print(f'{{0x{code:x}, "{text}"}},')
    print("};\n\nconstexpr Pair kPairs[] = {")
    for (mark, letter), code in sorted(pairs.items()):
        print(f"{{0x{mark:x}, 0x{letter:x}, 0x{code:x}}},")
    print("};\n\nconstexpr Range kDropped[] = {")
    for first, last in sorted(MARKS + INVISIBLE):
        print(f"{{0x{first:x}, 0x{last:x}}},")
    print("};\n\n}  // namespace\n")
    for type_, name in (("Letters", "letters"), ("Expansion", "expansions"), ("Pair", "pairs"), ("Range", "dropped")):
        print(f"std::span<const {type_}> {name}() {{ return k{name.capitalize()}; }}")
    print("\n}  // namespace sotto::store::folding")


if __name__ == "__main__":
    main()
