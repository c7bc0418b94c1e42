// Values that receivers have to ignore, sprinkled over what we send so that those who do not are found out
// (RFC 9420 §13.5).
#pragma once

#include "sotto/mls/leaf_node.hpp"

namespace sotto {
class Random;
}

namespace sotto::mls {

/// One code point in each of suites, extensions, proposals and credentials.
void add_grease(Capabilities& capabilities, Random& random);
/// One extension of random contents.
void add_grease(Extensions& extensions, Random& random);

}  // namespace sotto::mls
