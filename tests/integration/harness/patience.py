"""How long a test waits for something that must happen.

Tests wait for conditions, never for time to pass; these are only the points at which they give up. Under sanitizers
everything is slower, so SOTTO_TEST_PATIENCE multiplies them.
"""
import os

FACTOR = float(os.environ.get("SOTTO_TEST_PATIENCE", "1"))

# A message crosses the server in milliseconds; on a machine that also compiles, a stall of some seconds is no fault.
ANSWER = 20.0 * FACTOR
# Starting reads no data, but the machine may be loading the binary from a cold disk.
START = 20.0 * FACTOR
# The server's own drain has a deadline of its own well below this.
STOP = 30.0 * FACTOR
# Thousands of messages, each stored and delivered.
BULK = 90.0 * FACTOR
