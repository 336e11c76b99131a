"""Sends a text, ends its side, and prints all that comes back: client.py PORT [TEXT]"""

import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    connection.sendall("".join(sys.argv[2:]).encode())
    connection.shutdown(socket.SHUT_WR)
    with connection.makefile() as answer:
        print(answer.read(), end="")
