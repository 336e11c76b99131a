import socket
import struct
import sys

connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))


def frame(text):
    data = text.encode()
    return struct.pack("!H", len(data)) + data


# Two requests at once and the third byte by byte.
stream = connection.makefile("rb")
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
connection.sendall(frame("set a gr\u00fcn") + frame("get a"))
for byte in frame("get b"):
    connection.sendall(bytes([byte]))
connection.shutdown(socket.SHUT_WR)
for _ in range(3):
    (length,) = struct.unpack("!H", stream.read(2))
    print(stream.read(length).decode())
assert stream.read() == b""
