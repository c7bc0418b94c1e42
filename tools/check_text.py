#!/usr/bin/env python3
"""Finds comments and strings that were cut where no person would cut them: `check_text.py [--fix] FILE...`.

clang-format does not touch comments here (`ReflowComments: false`), so their lines are a person's. Reported are
- a paragraph of a comment whose line ends early in the middle of a sentence (a line was cut, the rest pushed down);
- a string literal that was cut although its piece ends neither a line of text nor a clause;
- a comment behind code that was pushed to a line of its own, off the constant that it explains;
- a line of a comment wider than the limit of the code; `--fix` moves what is too much to the next line of its sentence.

Exit status 1 if anything is found.
"""
import re
import sys

LIMIT = 110  # ColumnLimit of .clang-format
SHORT = 0.6  # of the paragraph's widest line: a sentence that goes on fills its line further than that

COMMENT = re.compile(r"^(\s*)///?<?( *)(.*)$")
LITERAL = re.compile(r'^\s*"((?:[^"\\]|\\.)*)"$')
LISTED = re.compile(r"^([-*+|<>^]|\d+[.)]|\w+:|[A-Z_]+ |`)")


def text_of(line):
    """Indent and text of a line that is nothing but a comment; None for any other line."""
    match = COMMENT.match(line)
    return (match[1] + match[2], match[3].rstrip()) if match else None


def broken_paragraphs(lines):
    """A short line that ends without a stop, before one that goes on in lower case at the same indent."""
    for at in range(1, len(lines) - 1):
        before, here, after = (text_of(lines[at + step]) for step in (-1, 0, 1))
        if not (before and here and after and before[1] and here[1] and after[1]):
            continue
        same = before[0] == here[0] or here[0] == after[0]
        widest = len(lines[at - 1])
        prose = " " in before[1] and not re.search(r"[;{}=|]\s*$|  |-->|\.\.\.$", before[1])
        if (same and prose and widest > LIMIT * 0.8 and len(lines[at]) < widest * SHORT
                and not re.search(r"[.:;,)}\]?!>`|]$", here[1]) and "  " not in here[1]
                and re.match(r"[a-z(`\[]", after[1]) and not LISTED.match(after[1])):
            yield at, "a comment is cut in the middle of a sentence"


def fallen_words(lines):
    """A word or two between a full line and one that is indented deeper: the end of an item of a list, cut off."""
    for at in range(1, len(lines) - 1):
        before, here, after = (text_of(lines[at + step]) for step in (-1, 0, 1))
        if (before and here and after and after[1] and len(lines[at - 1]) > LIMIT * 0.8 and 0 < len(here[1].split()) <= 2
                and len(after[0]) > len(here[0]) and re.match(r"^[a-z]+[.,;]?( [a-z]+[.,;]?)?$", here[1])):
            yield at, "the end of a line has fallen out of its list"


def broken_strings(lines):
    """A piece of a string of one word between two others, after one that does not end its line."""
    for at in range(1, len(lines) - 1):
        here = LITERAL.match(lines[at])
        before = re.search(r'"((?:[^"\\]|\\.)*)"$', lines[at - 1])
        after = re.match(r'^\s*"', lines[at + 1])
        if here and before and after and len(here[1].split()) == 1 and not here[1].endswith("\\n"):
            if len(lines[at - 1]) + len(here[1].split(" ")[0]) >= LIMIT - 2:
                yield at, "a string is cut in the middle of a line"


def pushed_comments(lines):
    """`constant =`, and on the next line its value with a comment that belongs above both."""
    for at in range(1, len(lines)):
        if lines[at - 1].endswith("=") and re.match(r"^\s+[^/\"]+;\s+//", lines[at]):
            yield at, "a comment stands off what it explains: put it above"


def wide_comments(lines):
    for at, line in enumerate(lines):
        if len(line) > LIMIT and text_of(line) and "http" not in line:
            yield at, f"a comment is wider than {LIMIT} columns"


def narrowed(lines):
    """The lines with what is too wide of a comment moved to the line below, which is its own where the sentence ends there."""
    out, at = [], 0
    rest = list(lines)
    while at < len(rest):
        line = rest[at]
        match = re.match(r"^(\s*///?<? *)(.*)$", line)
        example = match and match[1].endswith("/   ")  # indented by three: a person has to break it
        if match and not example and len(line) > LIMIT and "http" not in line and (cut := line.rfind(" ", len(match[1]) + 1, LIMIT + 1)) > 0:
            hanging = match[1] + ("  " if re.match(r"([-*]|\d+[.)]) ", match[2]) else "")
            more = line[cut + 1:]
            line = line[:cut]
            below = rest[at + 1] if at + 1 < len(rest) else ""
            if below.startswith(hanging) and re.match(r"[\w`(\"]", below[len(hanging):]) and not LISTED.match(below[len(hanging):]):
                rest[at + 1] = hanging + more + " " + below[len(hanging):]
            else:
                rest.insert(at + 1, hanging + more)
        out.append(line)
        at += 1
    return out


def main():
    found = 0
    paths = [path for path in sys.argv[1:] if path != "--fix"]
    for path in paths:
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        if "--fix" in sys.argv and any(True for _ in wide_comments(lines)):
            lines = narrowed(lines)
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(lines))
        for rule in (broken_paragraphs, fallen_words, broken_strings, pushed_comments, wide_comments):
            for at, what in rule(lines):
                print(f"{path}:{at + 1}: {what}: {lines[at].strip()[:80]}")
                found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
