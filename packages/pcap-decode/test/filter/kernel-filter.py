"""Attaches classic BPF programs to a Unix datagram socket and says which datagrams come through.

One JSON document a line: {"program": [[code, jt, jf, k], ...], "packets": ["hex", ...]}. The answer is a line too:
{"errno": n} when the kernel refuses the program, else {"received": [length or -1, ...]}.
"""

import ctypes
import json
import socket
import struct
import sys

SO_ATTACH_FILTER = 26


def attach(receiver, program):
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    memory = ctypes.create_string_buffer(code)
    receiver.setsockopt(
        socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HL", len(program), ctypes.addressof(memory))
    )


def judge(program, packets):
    sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with sender, receiver:
        try:
            attach(receiver, program)
        except OSError as error:
            return {"errno": error.errno}
        receiver.setblocking(False)
        received = []
        for packet in packets:
            sender.send(bytes.fromhex(packet))
            try:
                received.append(len(receiver.recv(65536)))
            except BlockingIOError:
                received.append(-1)
        return {"received": received}


for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(judge(request["program"], request["packets"])), flush=True)
