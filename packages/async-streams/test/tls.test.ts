import { readdirSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";
import { SO_KEEPALIVE, SOL_SOCKET } from "@sockeye/socket-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { openConnection } from "../src/connect.ts";
import type { Connection } from "../src/connection.ts";
import { TlsError } from "../src/errors.ts";
import { type Handler, type StartOptions, startServer } from "../src/server.ts";
import type { ServerTlsOptions } from "../src/tls-options.ts";
import { hasOpenssl, makeCertificates } from "./certificates.ts";
import { failureOf, fill, readToEnd, stateOf, tcpPair, turn } from "./pairs.ts";

/** Without openssl there are no certificates. */
describe.runIf(hasOpenssl)("TLS (needs openssl)", () => {
  const { ca, server: identity, client: clientIdentity, stranger } = hasOpenssl ? makeCertificates() : ({} as never);

  async function serve(options: ServerTlsOptions, handler: Handler, more: StartOptions = {}): Promise<number> {
    const server = await startServer({ address: "127.0.0.1", port: 0 }, { ...more, tls: options }, handler);
    onTestFinished(() => server.close());
    return (server.address as { port: number }).port;
  }

  const greet: Handler = async ({ reader, writer, tls }) => {
    await writer.write(`${tls?.protocol} ${tls?.servername} ${tls?.alpnProtocol}\n`);
    for await (const line of reader) await writer.write(`echo ${line}\n`);
  };

  it("is spoken from the start by a server and a client, which tell what was agreed on", async () => {
    const port = await serve({ ...identity, ALPNProtocols: ["chat", "http/1.1"] }, greet);
    const connection = await openConnection({ host: "localhost", port }, { tls: { ca, ALPNProtocols: ["x", "chat"] } });
    expect(await connection.reader.readLine()).toBe("TLSv1.3 localhost chat");
    expect(connection.tls).toMatchObject({ protocol: "TLSv1.3", alpnProtocol: "chat", authorized: true });
    expect(connection.tls?.cipher).toMatch(/^TLS_/);
    expect(connection.tls?.peerCertificate?.subject).toBe("CN=server");
    expect(connection.remoteAddress).toMatchObject({ port });
    expect(connection.localAddress).toMatchObject({ address: connection.remoteAddress && expect.any(String) });
    await connection.writer.end("over");
    expect(await connection.reader.readLine()).toBe("echo over");
    expect(await connection.reader.readLine()).toBeNull();
    await connection.close();
  });

  it("leaves the socket's options within reach", async () => {
    const port = await serve(identity, greet);
    const connection = await openConnection({ host: "localhost", port }, { tls: { ca } });
    connection.socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1);
    expect(connection.socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE)).toBe(1);
    await connection.close();
    expect(connection.socket.closed).toBe(true);
  });

  it("checks an address against the certificate, without SNI", async () => {
    const port = await serve(identity, greet);
    const connection = await openConnection({ address: "127.0.0.1", port }, { tls: { ca } });
    expect(await connection.reader.readLine()).toBe("TLSv1.3 null null");
    await connection.close();
  });

  it.each<[string, object, object, string]>([
    ["no authority that we know", {}, {}, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["another name", {}, { servername: "example.org" }, "ERR_TLS_CERT_ALTNAME_INVALID"],
    [
      "no version in common",
      { minVersion: "TLSv1.3" },
      { maxVersion: "TLSv1.2" },
      "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    ],
    [
      "no protocol in common",
      { ALPNProtocols: ["a"] },
      { ALPNProtocols: ["b"] },
      "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL",
    ],
  ])("is refused with %s", async (name, ours, theirs, code) => {
    const errors: unknown[] = [];
    const port = await serve({ ...identity, ...ours }, greet, { onError: (error) => errors.push(error) });
    const trust = name.startsWith("no authority") ? {} : { ca };
    const error = await failureOf(openConnection({ host: "localhost", port }, { tls: { ...trust, ...theirs } }));
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ name: "TlsError", code, cause: expect.any(Error) });
  });

  it("trusts nobody with `tls: true` but whom Node.js trusts", async () => {
    const port = await serve(stranger, greet, { onError: () => {} });
    const address = { host: "localhost", port };
    expect(await failureOf(openConnection(address, { tls: true }))).toMatchObject({
      code: "DEPTH_ZERO_SELF_SIGNED_CERT",
    });
    const connection = await openConnection(address, { tls: { rejectUnauthorized: false } });
    expect(connection.tls?.authorized).toBe(false);
    await connection.close();
  });

  it("asks for client certificates, and says why one was refused", async () => {
    const errors: Error[] = [];
    const options = { ...identity, ca, requestCert: true };
    const handler: Handler = ({ writer, tls }) => writer.write(`${tls?.authorized} ${tls?.peerCertificate?.subject}\n`);
    const port = await serve(options, handler, { onError: (error) => errors.push(error as Error) });
    const open = (more: object): Promise<Connection> =>
      openConnection({ host: "localhost", port }, { tls: { ca, ...more } });
    const known = await open(clientIdentity);
    expect(await known.reader.readLine()).toBe("true CN=client");
    await known.close();
    for (const more of [{}, stranger]) {
      // With TLS 1.3 the client's handshake is over before the server has looked.
      const refused = await open(more);
      await failureOf(refused.reader.readExactly(1));
      refused.abort();
    }
    expect(errors.map((error) => [error.name, error.message])).toEqual([
      ["TlsError", "The client's certificate was refused: UNABLE_TO_GET_ISSUER_CERT"],
      ["TlsError", "The client's certificate was refused: DEPTH_ZERO_SELF_SIGNED_CERT"],
    ]);

    const lax = await serve({ ...options, rejectUnauthorized: false }, handler);
    const unknown = await openConnection({ host: "localhost", port: lax }, { tls: { ca, ...stranger } });
    expect(await unknown.reader.readLine()).toBe("false CN=localhost");
    await unknown.close();
  });

  it("chooses a certificate by name (SNI)", async () => {
    const port = await serve(
      {
        ...identity,
        SNICallback: (name, give) => give(null, name === "localhost" ? tls.createSecureContext(stranger) : undefined),
      },
      greet,
      { onError: () => {} },
    );
    const subjectFor = async (servername: string): Promise<string | undefined> => {
      const connection = await openConnection(
        { address: "127.0.0.1", port },
        { tls: { servername, rejectUnauthorized: false } },
      );
      void connection.close();
      return connection.tls?.peerCertificate?.subject;
    };
    expect(await subjectFor("localhost")).toBe("CN=localhost");
    expect(await subjectFor("example.org")).toBe("CN=server");
  });

  it("goes on after STARTTLS with the same reader and writer, on both sides", async () => {
    const { client, server } = await tcpPair();
    const { reader, writer } = client;
    const serving = (async () => {
      expect(await server.reader.readLine()).toBe("STARTTLS");
      await server.writer.write("220 go ahead\n");
      const starting = server.startTls(identity);
      void server.writer.write("written during the handshake\n");
      await starting;
      expect(await server.reader.readLine()).toBe("secret");
    })();
    await writer.write("STARTTLS\n");
    expect(await reader.readLine()).toBe("220 go ahead");
    expect(client.tls).toBeUndefined();
    const starting = client.startTls({ ca, servername: "localhost" });
    const reading = reader.readLine();
    await starting;
    expect(await reading).toBe("written during the handshake");
    await writer.write("secret\n");
    await serving;
    expect(server.tls?.protocol).toBe("TLSv1.3");
    expect(await failureOf(client.startTls())).toMatchObject({ code: "ERR_STREAM_TLS" });
    await Promise.all([client.close(), server.close()]);
  });

  it("sends what was written before in the clear, and nothing after, however slow the peer is", async () => {
    const { client, server } = await tcpPair();
    const clear = await fill(client);
    const starting = failureOf(client.startTls({ ca }));
    const secret = failureOf(client.writer.write("secret".repeat(10_000)));
    const received = await server.reader.readExactly(clear + 100);
    expect(received.includes("secret")).toBe(false);
    // A record of the handshake, RFC 8446, 5.1.
    expect(received[clear]).toBe(22);
    server.abort();
    expect(await starting).toBeInstanceOf(Error);
    expect(await secret).toBeInstanceOf(Error);
  });

  it("takes plaintext before the handshake for what it is: an injection", async () => {
    const { client, server } = await tcpPair();
    await client.writer.write("STARTTLS\nQUIT\n");
    expect(await server.reader.readLine()).toBe("STARTTLS");
    const error = await failureOf(server.startTls(identity));
    expect(error).toMatchObject({ name: "ProtocolError" });
    expect(error.message).toBe("startTls: the peer has sent 5 bytes before the handshake");
    expect(await failureOf(client.reader.read())).toMatchObject({ code: "ECONNRESET" });
    await server.closed;
  });

  it("takes plaintext that is still with the kernel for a broken handshake", async () => {
    const { client, server } = await tcpPair();
    await client.writer.write("QUIT\n");
    expect(await failureOf(server.startTls(identity))).toMatchObject({
      name: "TlsError",
      code: expect.stringMatching(/^ERR_SSL_/),
    });
    await server.closed;
    expect(await failureOf(server.writer.write("x"))).toBeInstanceOf(Error);
  });

  it("cannot begin while a read waits, after an end, or with options that are none", async () => {
    const { client, server } = await tcpPair();
    const reading = client.reader.readLine();
    expect(await failureOf(client.startTls({ ca }))).toMatchObject({ name: "StreamBusyError" });
    await server.writer.write("still here\n");
    expect(await reading).toBe("still here");
    expect((await failureOf(client.startTls(null as never))).message).toBe("options must be an object, got null");
    expect((await failureOf(client.startTls({ timeout: -1 }))).message).toContain("timeout must be milliseconds");
    expect((await failureOf(client.startTls({ ALPNProtocols: "h2" as never }))).message).toBe(
      "options.ALPNProtocols must be a list of names, got 'h2'",
    );
    await server.writer.write("and here\n");
    expect(await client.reader.readLine()).toBe("and here");
    await client.writer.end();
    expect(await failureOf(client.startTls({ ca }))).toMatchObject({ name: "StreamClosedError" });
    const bad = startServer({ port: 0 }, { tls: { key: "no key", cert: "no certificate" } }, greet);
    expect(await failureOf(bad)).toMatchObject({ name: "TlsError", cause: expect.any(Error) });
    const bare = await failureOf(startServer({ port: 0 }, { tls: { key: identity.key } }, greet));
    expect(bare.message).toBe("tls.cert must be a certificate, unless there is pfx or SNICallback, got undefined");
    expect((await failureOf(server.startTls())).message).toMatch(/^options\.cert must be a certificate/);
    expect((await failureOf(startServer({ port: 0 }, { tls: 1 as never }, greet))).message).toContain("tls must be an");
    expect((await failureOf(openConnection({ port: 1, host: "x" }, { tls: 1 as never }))).message).toContain(
      "tls must",
    );
  });

  it("gives up a handshake that takes too long, is cancelled or aborted", async () => {
    const late = await tcpPair();
    expect(await failureOf(late.client.startTls({ ca, timeout: 20 }))).toMatchObject({ name: "TimeoutError" });
    await late.client.closed;

    const cancelled = await tcpPair();
    const controller = new AbortController();
    const one = failureOf(cancelled.server.startTls({ ...identity, signal: controller.signal }));
    await turn();
    controller.abort("enough");
    expect(await one).toMatchObject({ name: "AbortError", cause: "enough" });

    const aborted = await tcpPair();
    const two = failureOf(aborted.client.startTls({ ca }));
    const waiting = failureOf(aborted.client.reader.read());
    await turn();
    aborted.client.abort();
    expect(await two).toMatchObject({ name: "ClosedError" });
    expect(await waiting).toMatchObject({ name: "ClosedError" });

    const gone = await tcpPair();
    const three = failureOf(gone.client.startTls({ ca }));
    gone.server.abort();
    expect(await three).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE|ERR_TLS_CLOSED)$/) });
  });

  it("a server goes on after clients that never shake hands, and tells of them", async () => {
    const errors: Error[] = [];
    let heard = (): void => {};
    const both = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const port = await serve(identity, greet, {
      onError(error, connection) {
        expect(connection?.remoteAddress).toBeDefined();
        if (errors.push(error as Error) === 2) heard();
      },
    });
    for (const text of ["GET / HTTP/1.1\r\n\r\n", ""]) {
      net
        .connect(port, "127.0.0.1")
        .on("error", () => {})
        .end(text);
    }
    const connection = await openConnection({ host: "localhost", port }, { tls: { ca } });
    expect(await connection.reader.readLine()).toBe("TLSv1.3 localhost null");
    await connection.close();
    await both;
    for (const error of errors) expect(error.name).toMatch(/^(TlsError|SocketError)$/);
  });

  it("an abort is a reset for the peer, not an end", async () => {
    const { client, server } = await tcpPair();
    await Promise.all([client.startTls({ ca, servername: "localhost" }), server.startTls(identity)]);
    await fill(server);
    server.abort();
    expect(await failureOf(readToEnd(client))).toMatchObject({ name: "SocketError", code: "ECONNRESET" });
    expect(await stateOf(server.closed)).toBe("resolved");
  });

  it("leaves no descriptor open", async () => {
    const port = await serve(identity, greet, { onError: () => {} });
    const open = (): number => readdirSync("/proc/self/fd").length;
    const once = async (trust: object): Promise<void> => {
      await openConnection({ host: "localhost", port }, { tls: trust }).then(
        (connection) => connection.close(),
        () => {},
      );
    };
    await once({ ca });
    await once({});
    const before = open();
    for (let i = 0; i < 10; i++) await Promise.all([once({ ca }), once({})]);
    // The server hears a little later of clients that did not trust it.
    while (open() > before) await turn();
  });
});
