#!/usr/bin/env python3
"""Prints a header as Doxygen wants it: `doxygen_filter.py HEADER`.

The comment at the head of a file is plain `//`, as a person reads it. Doxygen gets it as the documentation of the file, with
its examples (what is indented) as code.
"""
import re
import sys

# Doxygen 1.9 takes a specialisation from outside its namespace for an error of its own; it would say nothing to a reader.
SPECIALISATION = re.compile(r"^template <[^>]*>\nstruct std::hash<.*?^};$", re.MULTILINE | re.DOTALL)


def head_as_documentation(lines):
    out = ["/// \\file"]
    code = False
    for line in lines:
        text = line[2:]
        indented = text.startswith("   ")
        if indented != code and (indented or text.strip()):
            out.append("/// \\code{.cpp}" if indented else "/// \\endcode")
            code = indented
        out.append("///" + (text[3:] if code and indented else text))
    if code:
        out.append("/// \\endcode")
    return out


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = SPECIALISATION.sub("", file.read()).split("\n")
    end = 0
    while end < len(lines) and lines[end].startswith("//") and not lines[end].startswith("///"):
        end += 1
    print("\n".join((head_as_documentation(lines[:end]) if end else []) + lines[end:]))


if __name__ == "__main__":
    main()
