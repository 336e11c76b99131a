/** CPython's asyncio streams on the other end. */
import { createHash } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { lines } from "../src/codecs/lines.ts";
import { openConnection } from "../src/connect.ts";
import { framed } from "../src/framed.ts";
import { type Handler, startServer } from "../src/server.ts";
import { failureOf, readToEnd, temporaryPath } from "./pairs.ts";
import { hasPython, python } from "./python.ts";

const client = `
import asyncio, hashlib, sys
async def main():
    if sys.argv[1] == "unix":
        reader, writer = await asyncio.open_unix_connection(sys.argv[2])
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
`;

const server = `
import asyncio, hashlib, sys
async def main(handle):
    if sys.argv[1] == "unix":
        server = await asyncio.start_unix_server(handle, sys.argv[2])
    else:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(0 if sys.argv[1] == "unix" else server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()
`;

describe.runIf(hasPython).each(["tcp", "unix"])("asyncio over %s (needs python3)", (kind) => {
  async function serve(handler: Handler): Promise<string | number> {
    const address = kind === "unix" ? { path: temporaryPath() } : { address: "127.0.0.1", port: 0 };
    const ours = await startServer(address, handler);
    onTestFinished(() => ours.close());
    return "path" in ours.address ? ours.address.path : ours.address.port;
  }

  /** Runs a server of CPython with the body of its handler. */
  async function connect(body: string): Promise<Awaited<ReturnType<typeof openConnection>>> {
    const path = temporaryPath();
    const indented = body.replaceAll(/^/gm, "    ");
    const theirs = python(
      `${server}\nasync def handle(reader, writer):\n${indented}\nasyncio.run(main(handle))`,
      kind,
      path,
    );
    const port = Number(await theirs.line());
    const connection = await openConnection(kind === "unix" ? { path } : { host: "127.0.0.1", port });
    onTestFinished(() => connection.abort());
    return connection;
  }

  it("its client talks to our server in lines, blocks and to the end", async () => {
    const target = await serve(async ({ reader, writer }) => {
      expect(await reader.readLine()).toBe("grün");
      await writer.write("got it\r\n");
      const length = (await reader.readExactly(4)).readUInt32BE();
      const data = await reader.readExactly(length);
      await writer.write(`${createHash("sha256").update(data).digest("hex")}\n`);
      expect((await reader.readUntil(["--", "=="])).toString()).toBe("tail==");
      expect(await reader.read()).toBeNull();
      await writer.write(Buffer.alloc(3_000_000, "z"));
    });
    const program = python(
      `${client}
    writer.write("grün\\n".encode())
    assert await reader.readline() == b"got it\\r\\n"
    data = bytes(range(256)) * 8000
    writer.write(len(data).to_bytes(4, "big"))
    writer.write(data)
    await writer.drain()
    assert (await reader.readline()).decode().strip() == hashlib.sha256(data).hexdigest()
    writer.write(b"tail==")
    writer.write_eof()
    rest = await reader.read()
    assert rest == b"z" * 3000000, len(rest)
    writer.close()
    await writer.wait_closed()
    print("all good")
asyncio.run(main())`,
      kind,
      target,
    );
    expect(await program.finished()).toBe("all good\n");
  });

  it("our client talks to its server in lines, blocks and to the end", async () => {
    const connection = await connect(`
while line := await reader.readline():
    if line == b"block\\n":
        data = await reader.readexactly(2048000)
        writer.write(hashlib.sha256(data).hexdigest().encode() + b"\\n")
    else:
        writer.write(b"echo " + line)
    await writer.drain()
writer.write(b"z" * 3000000)
await writer.drain()
writer.close()
await writer.wait_closed()`);
    const { reader, writer } = connection;
    await writer.write("привет\n");
    expect(await reader.readLine()).toBe("echo привет");
    const data = Buffer.alloc(2_048_000, "0123456789");
    await writer.write(["block\n", data, "more\n"]);
    expect(await reader.readLine()).toBe(createHash("sha256").update(data).digest("hex"));
    expect(await reader.readLine()).toBe("echo more");
    await writer.end("last without newline");
    expect((await reader.readExactly(25)).toString()).toBe("echo last without newline");
    expect((await readToEnd({ reader })).length).toBe(3_000_000);
    await connection.close();
  });

  it("its client is held back while our handler does not read", async () => {
    let readOn = (): void => {};
    const gate = new Promise<void>((resolve) => {
      readOn = resolve;
    });
    let received = 0;
    const target = await serve(async ({ reader, writer }) => {
      received += (await reader.readExactly(1)).length;
      await gate;
      for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) received += chunk.length;
      await writer.write(`${received}\n`);
    });
    const program = python(
      `${client}
    total = 0
    while True:
        writer.write(b"f" * 65536)
        total += 65536
        drain = asyncio.ensure_future(writer.drain())
        done, pending = await asyncio.wait({drain}, timeout=0.3)
        if pending:
            break
    print(total)
    await drain
    writer.write_eof()
    print((await reader.readline()).decode().strip())
asyncio.run(main())`,
      kind,
      target,
    );
    const total = Number(await program.line());
    expect(received).toBe(1);
    readOn();
    expect(Number(await program.line())).toBe(total);
  });

  it("lines as items, both ways", async () => {
    const connection = await connect(`
async for line in reader:
    writer.write(line.upper())
    await writer.drain()
writer.close()`);
    const items = framed(connection, lines());
    for (const item of ["a", "", "bc"]) void items.send(item);
    void connection.writer.end();
    const received: string[] = [];
    for await (const item of items) received.push(item);
    expect(received).toEqual(["A", "", "BC"]);
    await connection.close();
  });

  it("an abort of its is a reset here, and an abort of ours is one there", async () => {
    const connection = await connect(`
if await reader.readline() == b"abort\\n":
    import socket, struct
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()`);
    await connection.writer.write("abort\n");
    if (kind === "tcp") expect(await failureOf(connection.reader.read())).toMatchObject({ code: "ECONNRESET" });
    else expect(await connection.reader.read()).toBeNull();

    const target = await serve(async (ours) => {
      await ours.reader.readLine();
      ours.abort();
    });
    const program = python(
      `${client}
    writer.write(b"abort\\n")
    try:
        print(await reader.read())
    except ConnectionResetError as error:
        print("reset")
asyncio.run(main())`,
      kind,
      target,
    );
    expect(await program.finished()).toBe(kind === "tcp" ? "reset\n" : "b''\n");
  });
});
