#!/usr/bin/env python3
"""Makes a source of the C++ examples of Markdown files, so that the compiler reads them too: `extract.py OUT.cpp FILE.md...`.

Each ```cpp block that defines functions stands by itself, any other is the body of a function. What an example uses and does
not declare is in surroundings.hpp. Errors are reported at the place in the document.
"""
import pathlib
import re
import sys

BLOCK = re.compile(r"^```cpp\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main():
    out, documents = pathlib.Path(sys.argv[1]), sys.argv[2:]
    source = ['#include "tests/docs/surroundings.hpp"']
    for document in documents:
        text = pathlib.Path(document).read_text(encoding="utf-8")
        blocks = list(BLOCK.finditer(text))
        if not blocks:
            sys.exit(f"{document} has no C++ example; leave it out of tests/docs/CMakeLists.txt")
        for number, block in enumerate(blocks):
            line = text[:block.start(1)].count("\n") + 1
            includes = [each for each in block[1].split("\n") if each.startswith("#include")]
            rest = "\n".join("" if each.startswith("#include") else each for each in block[1].split("\n"))
            source += includes
            defines_functions = re.search(r"^[\w:<>]+ \w+\(.*\{$", rest, re.MULTILINE)
            name = re.sub(r"\W", "_", pathlib.Path(document).stem)
            source.append(f"namespace example_{name}_{number} {{")
            if not defines_functions:
                source.append("[[maybe_unused]] static void body(EXAMPLE_PARAMETERS) {")
            source += [f'#line {line} "{document}"', rest, "}" if defines_functions else "}}"]
    out.write_text("\n".join(source) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
