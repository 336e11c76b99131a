"""Answers datagrams, but not the first."""

import socket

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.bind(("127.0.0.1", 0))
    print("port:", s.getsockname()[1])
    s.recvfrom(65535)
    while True:
        data, peer = s.recvfrom(65535)
        s.sendto(b"CPython received: " + data, peer)
