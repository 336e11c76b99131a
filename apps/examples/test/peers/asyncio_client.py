"""The client of asyncio's documentation: asyncio_client.py PORT MESSAGE"""

import asyncio
import sys


async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    writer.write(f"{sys.argv[2]}\n".encode())
    await writer.drain()
    print("Received", (await reader.readline()).decode().rstrip())
    writer.close()
    await writer.wait_closed()


asyncio.run(main())
