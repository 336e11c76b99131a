/** asyncio's TLS on the other end: from the start, and after STARTTLS, where it is the client and the server. */
import { spawnSync } from "node:child_process";
import { describe, expect, it, onTestFinished } from "vitest";
import { openConnection } from "../src/connect.ts";
import { startServer } from "../src/server.ts";
import { hasOpenssl, makeCertificates } from "./certificates.ts";
import { readToEnd } from "./pairs.ts";
import { python } from "./python.ts";

const SIZE = 2_000_000;

/** It came with Python 3.11. */
const hasStartTls = spawnSync("python3", ["-c", "import asyncio; asyncio.StreamWriter.start_tls"]).status === 0;

describe.runIf(hasStartTls && hasOpenssl)("asyncio with TLS (needs openssl and Python 3.11)", () => {
  const { ca, caFile, server: identity, client } = hasOpenssl ? makeCertificates() : ({} as never);

  it("its client speaks to our server from the start, with a certificate of its own", async () => {
    const server = await startServer(
      { address: "127.0.0.1", port: 0 },
      { tls: { ...identity, ca, requestCert: true } },
      async ({ reader, writer, tls }) => {
        await writer.write(`${tls?.peerCertificate?.subject}\n`);
        await writer.write(await reader.readExactly(SIZE));
      },
    );
    onTestFinished(() => server.close());
    const program = python(
      `import asyncio, ssl, sys
async def main():
    context = ssl.create_default_context(cafile=sys.argv[2])
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    reader, writer = await asyncio.open_connection("localhost", int(sys.argv[1]), ssl=context)
    assert await reader.readline() == b"CN=client\\n"
    data = bytes(range(250)) * ${SIZE / 250}
    writer.write(data)
    assert await reader.readexactly(len(data)) == data
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    print("all good")
asyncio.run(main())`,
      (server.address as { port: number }).port,
      caFile,
      client.certFile,
      client.keyFile,
    );
    expect(await program.finished()).toBe("all good\n");
  });

  it("our client speaks to its server after STARTTLS", async () => {
    const program = python(
      `import asyncio, ssl, sys
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[1], sys.argv[2])
async def serve(reader, writer):
    assert await reader.readline() == b"STARTTLS\\n"
    writer.write(b"go ahead\\n")
    await writer.drain()
    await writer.start_tls(context)
    assert await reader.readline() == b"secret\\n"
    writer.write(b"z" * ${SIZE})
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    print("all good")
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1])
    await server.serve_forever()
asyncio.run(main())`,
      identity.certFile,
      identity.keyFile,
    );
    const connection = await openConnection({ host: "localhost", port: Number(await program.line()) });
    await connection.writer.write("STARTTLS\n");
    expect(await connection.reader.readLine()).toBe("go ahead");
    await connection.startTls({ ca });
    await connection.writer.write("secret\n");
    expect((await readToEnd(connection)).length).toBe(SIZE);
    await connection.close();
    expect(await program.line()).toBe("all good");
  });
});
