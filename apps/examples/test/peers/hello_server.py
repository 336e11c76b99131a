"""The hello server of the tutorials, for one client."""

import socket

with socket.create_server(("127.0.0.1", 0)) as server:
    print("port:", server.getsockname()[1])
    connection, address = server.accept()
    with connection:
        connection.sendall(b"Hello from CPython!\n")
