"""Frames as dictionaries, in both subprotocols: {"type": "sync", "last_seen_message_id": "0"}.

The JSON form is the proto3 JSON mapping with the proto field names; the binary form is read into the very same
dictionaries, so a test written once runs over both. The schema is compiled by protoc when the tests run.
"""
import functools
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile

from harness.binaries import TREE

JSON = "sotto.v1.json"
BINARY = "sotto.v1"


@functools.lru_cache(maxsize=None)
def schema():
    with tempfile.TemporaryDirectory(prefix="sotto-proto-") as folder:
        subprocess.run(["protoc", f"-I{TREE / 'proto'}", f"--python_out={folder}", "sotto/v1/frames.proto"], check=True)
        path = pathlib.Path(folder) / "sotto" / "v1" / "frames_pb2.py"
        spec = importlib.util.spec_from_file_location("sotto_frames_pb2", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["sotto_frames_pb2"] = module
        spec.loader.exec_module(module)
        return module


def encode(form, frame):
    if form == JSON:
        return json.dumps(frame)
    from google.protobuf import json_format
    fields = {key: value for key, value in frame.items() if key != "type"}
    message = schema().ClientFrame()
    json_format.ParseDict({frame["type"]: fields}, message)
    return message.SerializeToString()


def decode(form, data):
    if form == JSON:
        assert isinstance(data, str), f"a binary message on {JSON}: {data!r}"
        return json.loads(data)
    assert isinstance(data, bytes), f"a text message on {BINARY}: {data!r}"
    from google.protobuf import json_format
    message = schema().ServerFrame()
    message.ParseFromString(data)
    kind = message.WhichOneof("frame")
    assert kind, f"a frame of no known type: {data!r}"
    fields = json_format.MessageToDict(getattr(message, kind), preserving_proto_field_name=True,
                                       including_default_value_fields=True)
    return {"type": kind, **fields}


def deviation(frame):
    """In what a JSON frame from the server is not the proto3 JSON mapping of its type; None where it is."""
    from google.protobuf import json_format
    kind = frame.get("type")
    fields = {key: value for key, value in frame.items() if key != "type" and value is not None}
    message = schema().ServerFrame()
    try:
        json_format.ParseDict({kind: fields}, message)
    except json_format.ParseError as error:
        return str(error)
    exact = json_format.MessageToDict(getattr(message, kind), preserving_proto_field_name=True,
                                      including_default_value_fields=True)
    for key, value in fields.items():
        if exact.get(key) != value:
            return f"{key} is written {value!r} where the mapping has {exact.get(key)!r}"
    for key, value in exact.items():
        if key not in fields and value not in ([], ""):
            return f"{key} is missing"
    return None
