"""A chat client: sends the lines of its input and prints the lines that arrive. Ends when the server does."""

import os
import socket
import sys
import threading

connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))


def send():
    # Not through sys.stdin: a thread that waits in it at exit aborts the interpreter.
    while data := os.read(0, 65536):
        connection.sendall(data)


threading.Thread(target=send, daemon=True).start()
with connection.makefile("rb") as lines:
    for line in lines:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
