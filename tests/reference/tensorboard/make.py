"""An event file by TensorBoard's own protocol buffers and record writer.

Run: python make.py events.out.tfevents.golden
"""

import sys

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def event(step, scalars):
    values = [Summary.Value(tag=tag, simple_value=value) for tag, value in scalars]
    return Event(wall_time=float(step), step=step, summary=Summary(value=values))


with open(sys.argv[1], "wb") as file:
    writer = RecordWriter(file)
    # A field that is set to its default is left out on the wire, unlike by other writers: proto3.
    writer.write(Event(wall_time=0.0, file_version="brain.Event:2").SerializeToString())
    writer.write(event(1, [("loss/train", 1.5), ("accuracy/valid", 0.25)]).SerializeToString())
    writer.write(event(300, [("learning_rate", 1e-4)]).SerializeToString())
