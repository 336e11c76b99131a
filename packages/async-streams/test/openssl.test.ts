/** openssl on the other end, from the start and after STARTTLS. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { pipe } from "../src/bridges/pipe.ts";
import { openConnection } from "../src/connect.ts";
import { startServer } from "../src/server.ts";
import { hasOpenssl, makeCertificates } from "./certificates.ts";
import { failureOf } from "./pairs.ts";

interface Program {
  /** What it has printed as soon as that matches. */
  prints(pattern: RegExp): Promise<string>;
  write(text: string): void;
  exit: Promise<number | null>;
}

function openssl(...args: (string | number)[]): Program {
  const child = spawn("openssl", args.map(String), { stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdin.on("error", () => {});
  let output = "";
  let notify = (): void => {};
  let ended = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      notify();
    });
  }
  const exit = once(child, "close").then(([code]) => {
    ended = true;
    notify();
    return code as number | null;
  });
  return {
    exit,
    write: (text) => void child.stdin.write(text),
    async prints(pattern) {
      while (!pattern.test(output)) {
        if (ended) throw new Error(`openssl ended without ${pattern}: ${output}`);
        await new Promise<void>((resolve) => {
          notify = resolve;
        });
      }
      return output;
    },
  };
}

/** `s_server` listens on a port of its own choice and says which. */
async function listening(...args: (string | number)[]): Promise<Program & { port: number }> {
  const server = openssl("s_server", "-accept", "127.0.0.1:0", ...args);
  const output = await server.prints(/ACCEPT (?:127\.0\.0\.1:)?\d+/);
  return Object.assign(server, { port: Number(/ACCEPT (?:127\.0\.0\.1:)?(\d+)/.exec(output)![1]) });
}

describe.runIf(hasOpenssl)("openssl (needs openssl)", () => {
  const certificates = hasOpenssl ? makeCertificates() : ({} as never);
  const { ca, caFile, server: identity, client } = certificates;

  it.each(["-tls1_2", "-tls1_3"])(
    "s_client speaks to our server with %s, a client certificate and ALPN",
    async (version) => {
      const server = await startServer(
        { address: "127.0.0.1", port: 0 },
        { tls: { ...identity, ca, requestCert: true, ALPNProtocols: ["echo"] } },
        async ({ reader, writer, tls }) => {
          await writer.write(`${tls?.alpnProtocol} ${tls?.servername} ${tls?.peerCertificate?.subject}\n`);
          for await (const line of reader) await writer.write(`echo ${line}\n`);
        },
      );
      onTestFinished(() => server.close());
      const { port } = server.address as { port: number };
      const trust = ["-CAfile", caFile, "-verify_return_error", "-verify_hostname", "localhost"];
      const own = ["-cert", client.certFile, "-key", client.keyFile, "-servername", "localhost", "-alpn", "echo"];
      const peer = openssl("s_client", "-connect", `127.0.0.1:${port}`, version, ...trust, ...own);
      await peer.prints(/Verify return code: 0 \(ok\)/);
      await peer.prints(/echo localhost CN=client\n/);
      peer.write("hello\n");
      await peer.prints(/echo hello\n/);
      peer.write("Q\n");
      expect(await peer.exit).toBe(0);
    },
  );

  it("s_client without a certificate is refused where one is required", async () => {
    let refused = (_error: unknown): void => {};
    const refusal = new Promise<unknown>((resolve) => {
      refused = resolve;
    });
    const server = await startServer(
      { address: "127.0.0.1", port: 0 },
      { tls: { ...identity, ca, requestCert: true }, onError: (error) => refused(error) },
      ({ writer }) => writer.write("never seen\n"),
    );
    onTestFinished(() => server.close());
    const { port } = server.address as { port: number };
    const peer = openssl("s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", caFile);
    expect(await refusal).toMatchObject({
      name: "TlsError",
      message: expect.stringMatching(/^The client's certificate was refused/),
    });
    await peer.exit;
  });

  it("s_client -starttls smtp speaks to a server of ours that begins in the clear", async () => {
    const server = await startServer({ address: "127.0.0.1", port: 0 }, async (connection) => {
      const { reader, writer } = connection;
      await writer.write("220 test ESMTP\r\n");
      for (let line = await reader.readLine(); line !== null; line = await reader.readLine()) {
        if (line.startsWith("EHLO")) await writer.write("250-test\r\n250 STARTTLS\r\n");
        else if (line === "STARTTLS") {
          await writer.write("220 go ahead\r\n");
          await connection.startTls(identity);
        } else await writer.write(`${connection.tls?.protocol}: ${line}\r\n`);
      }
    });
    onTestFinished(() => server.close());
    const { port } = server.address as { port: number };
    const peer = openssl("s_client", "-connect", `127.0.0.1:${port}`, "-starttls", "smtp", "-CAfile", caFile, "-crlf");
    await peer.prints(/Verify return code: 0 \(ok\)/);
    peer.write("NOOP\n");
    await peer.prints(/TLSv1\.3: NOOP/);
    peer.write("Q\n");
    expect(await peer.exit).toBe(0);
  });

  it("s_server speaks to our client, and sees its certificate", async () => {
    const own = ["-cert", identity.certFile, "-key", identity.keyFile, "-alpn", "echo"];
    const peer = await listening(...own, "-CAfile", caFile, "-Verify", 1, "-verify_return_error", "-naccept", 1);
    const tls = { ca, cert: client.cert, key: client.key, ALPNProtocols: ["echo"] };
    const connection = await openConnection({ host: "localhost", port: peer.port }, { tls });
    expect(connection.tls).toMatchObject({ alpnProtocol: "echo", authorized: true });
    await connection.writer.write("from our side\n");
    await peer.prints(/from our side/);
    await peer.prints(/subject=CN = client/);
    peer.write("from openssl\n");
    expect(await connection.reader.readLine()).toBe("from openssl");
    peer.write("Q\n");
    expect(await connection.reader.readLine()).toBeNull();
    await connection.close();
  });

  it("s_server refuses our client without a certificate", async () => {
    const own = ["-cert", identity.certFile, "-key", identity.keyFile];
    const peer = await listening(...own, "-CAfile", caFile, "-Verify", 1, "-verify_return_error", "-naccept", 1);
    const connection = await openConnection({ host: "localhost", port: peer.port }, { tls: { ca } });
    const failure = await failureOf(connection.reader.readExactly(1));
    connection.abort();
    expect(failure).toMatchObject({ name: "TlsError", code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" });
  });

  it("s_server speaks to a client of ours that begins in the clear, through a gateway", async () => {
    const own = ["-cert", identity.certFile, "-key", identity.keyFile];
    const peer = await listening(...own, "-naccept", 1);
    // openssl cannot begin in the clear as a server: the gateway does, and then passes on what comes.
    const gateway = await startServer({ address: "127.0.0.1", port: 0 }, async (inner) => {
      expect(await inner.reader.readLine()).toBe("STARTTLS");
      const outer = await openConnection({ address: "127.0.0.1", port: peer.port });
      await inner.writer.write("go ahead\n");
      await pipe(inner, outer);
    });
    onTestFinished(() => gateway.close());
    const connection = await openConnection({ host: "localhost", port: (gateway.address as { port: number }).port });
    await connection.writer.write("STARTTLS\n");
    expect(await connection.reader.readLine()).toBe("go ahead");
    await connection.startTls({ ca });
    expect(connection.tls).toMatchObject({ authorized: true, protocol: "TLSv1.3" });
    await connection.writer.write("from our side\n");
    await peer.prints(/from our side/);
    peer.write("from openssl\n");
    expect(await connection.reader.readLine()).toBe("from openssl");
    peer.write("Q\n");
    expect(await connection.reader.readLine()).toBeNull();
    await connection.close();
  });
});
