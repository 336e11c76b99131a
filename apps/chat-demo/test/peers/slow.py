"""Reads the welcome, then nothing until it is told to; then everything, and prints how many lines and the last one."""

import socket
import sys

connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print(connection.recv(4096).decode().strip(), flush=True)
sys.stdin.readline()
data = bytearray()
while chunk := connection.recv(1 << 16):
    data += chunk
lines = data.decode().splitlines()
print(f"{len(lines)} lines, then: {lines[-1]}", flush=True)
