"""Sends datagrams to the group of lan-discovery on the loopback and prints one answer: multicast_sender.py PORT MESSAGE ..."""

import socket
import sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.settimeout(10)
    s.bind(("127.0.0.1", 0))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
    for message in sys.argv[2:]:
        s.sendto(message.encode(), ("239.255.70.83", int(sys.argv[1])))
    print(s.recv(65535).decode())
