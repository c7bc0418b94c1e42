"""Bodies and values that no honest client sends. Each must be answered with a clear refusal, by a server that lives on."""
import json
import os

DEEP = 100_000

NOT_JSON = {
    "nothing": b"",
    "a space": b" ",
    "garbage": b"garbage",
    "half an object": b'{"phone_number": "+4670',
    "half a key": b'{"pho',
    "a lone brace": b"{",
    "a closing brace": b"}",
    "two objects": b"{}{}",
    "a trailing comma": b'{"a":1,}',
    "single quotes": b"{'a': 1}",
    "a comment": b'{"a":1 /* x */}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "not UTF-8": b'{"a":"\xff\xfe\xfd"}',
    "an overlong UTF-8": b'{"a":"\xc0\xaf"}',
    "a lone surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "a lone surrogate as an escape": b'{"phone_number":"\\ud800"}',
    "a bad escape": b'{"a":"\\x41"}',
    "a raw control character": b'{"a":"\x01"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "zero bytes": b"\0" * 1000,
    "arrays nested deeply": b"[" * DEEP,
    "closed arrays nested deeply": b"[" * 5000 + b"]" * 5000,
    "objects nested deeply": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a deep unknown field": b'{"phone_number":"x","z":' + b"[" * 2000 + b"]" * 2000 + b"}",
    "noise": os.urandom(3000),
    "a proto frame": b"\x0a\x02\x08\x01",
    "XML": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
}

# Well-formed, though hardly meant: refused, or ignored as the unknown field that it is.
EXTREME = {
    "a number that never ends": b'{"a":' + b"9" * 20_000 + b"}",
    "a fraction that never ends": b'{"a":0.' + b"1" * 20_000 + b"}",
    "an exponent that never ends": b'{"a":1e' + b"9" * 400 + b"}",
    "a key that never ends": b'{"' + b"k" * 20_000 + b'":1}',
    "thousands of fields": b"{" + b",".join(b'"f%d":%d' % (number, number) for number in range(4000)) + b"}",
}

WRONG_SHAPES = [[], {}, None, True, 0, -1, 1.5, "", "x", [[]], [{}], {"": ""}, {"a": {"b": {"c": []}}}, [None] * 100]

# Values for a field that wants something else.
WRONG_VALUES = [None, True, [], {}, -1, 1.5, 1e300, 2**64, 2**128, "", " ", "-1", "1.5", "0x1", "1e3", "\u0000", "a" * 5000,
                "18446744073709551616", "９", "١", "' OR 1=1 --", "../../etc/passwd", "%s%n%x", "\ud7ff\U0010ffff", [[[]]]]

IDS_IN_PATHS = ["0", "-1", "+1", "1.0", "1e3", "0x1", "00", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "9" * 500, "abc",
                "%00", "%2e%2e%2f", "..", "%ff%fe", "%", "%zz", "1%00", "1%2f2", "me%20", "1;drop", "'", "%F0%9F%98%80", "~", "*"]


def as_json(value):
    return json.dumps(value).encode()
