"""Sends one datagram and prints the answer: udp_client.py PORT MESSAGE"""

import socket
import sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.settimeout(10)
    s.sendto(sys.argv[2].encode(), ("127.0.0.1", int(sys.argv[1])))
    print(s.recvfrom(65535)[0].decode())
