import { createSocket } from "node:dgram";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it, test } from "vitest";
import { type End, endPrograms, example, Program, python } from "./program.ts";

afterEach(() => endPrograms());

const folder = join(import.meta.dirname, "..");
const names = readdirSync(join(folder, "src"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.replace(/\.ts$/, ""));
const servers = ["tcp-hello-server", "tcp-echo-server", "socketserver-echo", "asyncio-server"];

const fine = (output: string | RegExp): End => ({ code: 0, signal: null, output: expect.stringMatching(output) });

describe("tcp-hello", () => {
  it("says hello to our client and to CPython's, one after the other", async () => {
    const server = example("tcp-hello-server", "0");
    const port = await server.port();
    for (const client of [example("tcp-hello-client", port), python("client.py", port)]) {
      expect(await client.ended).toEqual(fine(/^Hello from the server!\n$/));
    }
    expect(await server.interrupt()).toEqual(fine(/Connection from .*127\.0\.0\.1.*\nConnection from/));
  });

  it("is greeted by a CPython server", async () => {
    const server = python("hello_server.py");
    expect(await example("tcp-hello-client", await server.port()).ended).toEqual(fine(/^Hello from CPython!\n$/));
  });
});

describe.each(["tcp-echo-server", "socketserver-echo"])("%s", (name) => {
  it("sends back what our client and CPython's send, to all at a time", async () => {
    const server = example(name, "0");
    const port = await server.port();
    const first = example("tcp-echo-client", port);
    await first.find(/^Connected/);
    first.type("one\n");
    await first.find(/^one$/m);
    expect(await python("client.py", port, "from CPython").ended).toEqual(fine(/^from CPython$/));
    first.type("two\n", { end: true });
    expect(await first.ended).toEqual(fine(/one\ntwo\n$/));
    await server.interrupt();
  });
});

test("tcp-echo-client talks to CPython's socketserver", async () => {
  const client = example("tcp-echo-client", await python("echo_server.py").port());
  client.type(`${"long ".repeat(10_000)}\nshort\n`, { end: true });
  expect(await client.ended).toEqual(fine(/(long ){10000}\nshort\n$/));
});

describe("asyncio", () => {
  it("answers our client and CPython's asyncio", async () => {
    const server = example("asyncio-server", "0");
    const port = await server.port();
    expect(await example("asyncio-client", port).ended).toEqual(fine(/^Received "HELLO, WORLD!"\n$/));
    expect(await python("asyncio_client.py", port, "hello there").ended).toEqual(fine(/^Received HELLO THERE\n$/));
    expect(await server.interrupt()).toEqual(fine(/Received "Hello, World!" from .*\nReceived "hello there" from/));
  });

  it("asks a CPython asyncio server", async () => {
    const port = await python("asyncio_server.py").port();
    expect(await example("asyncio-client", port, "good evening").ended).toEqual(fine(/^Received "GOOD EVENING"\n$/));
  });
});

describe.each(servers)("%s", (name) => {
  async function started(): Promise<{ server: Program; port: string }> {
    const server = example(name, "0");
    return { server, port: await server.port() };
  }

  it("ends cleanly on Ctrl-C, also while a client is connected", async () => {
    const { server, port } = await started();
    const client = example("tcp-echo-client", port);
    await client.find(/^Connected/);
    const { code, signal } = await server.interrupt();
    expect({ code, signal }).toEqual({ code: 0, signal: null });
  });

  it("says when its port is taken, or is none", async () => {
    const { port } = await started();
    expect(await example(name, port).ended).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^.*EADDRINUSE.*\n$/),
    });
    expect(await example(name, "abc").ended).toEqual({
      code: 1,
      signal: null,
      output: 'PORT must be a whole number from 0 to 65535, got "abc"\n',
    });
  });
});

describe("reuse-port-server", () => {
  it("serves one port from several workers, and ends them on Ctrl-C", async () => {
    const server = example("reuse-port-server", "0", "3");
    const [, port] = await server.find(/Worker 3 of 3 .* port: (\d+)/);
    const greeters = new Set<string>();
    for (let i = 0; i < 200 && greeters.size < 3; i++) {
      const connection = connect(Number(port), "127.0.0.1");
      greeters.add(await text(connection));
    }
    expect([...greeters].sort()).toEqual([1, 2, 3].map((n) => `Hello from worker ${n}!\n`));
    expect(await server.interrupt()).toMatchObject({ code: 0, signal: null });
  });

  it("says that its port is none", async () => {
    expect(await example("reuse-port-server", "abc").ended).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^PORT must be a whole number from 0 to 65535, got "abc"$/m),
    });
  });

  it.each(["0", "many", "1.5", "100000"])("does not start %s workers", async (count) => {
    expect(await example("reuse-port-server", "0", count).ended).toMatchObject({
      code: 1,
      output: `WORKERS must be a whole number from 1 to 256, got ${count}\n`,
    });
  });
});

test.each(["tcp-hello-client", "tcp-echo-client", "asyncio-client"])("%s says that nobody listens", async (name) => {
  expect(await example(name, "1").ended).toMatchObject({
    code: 1,
    output: expect.stringMatching(/^.*ECONNREFUSED.*\n$/),
  });
});

describe("udp-echo", () => {
  it("answers our client and CPython's, and ends cleanly on Ctrl-C", async () => {
    const server = example("udp-echo-server", "0");
    const port = await server.port();
    expect(await example("udp-echo-client", port, "one").ended).toEqual(fine(/^Server received: one\n$/));
    expect(await python("udp_client.py", port, "two").ended).toEqual(fine(/^Server received: two\n$/));
    expect(await server.interrupt()).toEqual(fine(/Received one from .*127\.0\.0\.1.*\nReceived two from .*\n$/));
  });

  it("asks a CPython server again that loses the first datagram", async () => {
    const server = python("udp_lossy_server.py");
    const client = example("udp-echo-client", await server.port(), "please");
    expect(await client.ended).toEqual(fine(/^No answer, asking again\nCPython received: please\n$/));
  });

  it("says what is wrong", async () => {
    const port = await example("udp-echo-server", "0").port();
    expect(await example("udp-echo-server", port).ended).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^.*EADDRINUSE.*\n$/),
    });
    expect(await example("udp-echo-server", "abc").ended).toMatchObject({
      code: 1,
      output: 'PORT must be a whole number from 0 to 65535, got "abc"\n',
    });
    expect(await example("udp-echo-client", "1").ended).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^.*ECONNREFUSED.*\n$/),
    });
  });
});

describe("lan-discovery", () => {
  it("finds who is there and who comes, and hears who leaves", async () => {
    const ann = example("lan-discovery", "0", "Ann", "lo");
    const port = await ann.port();
    const bob = example("lan-discovery", port, "Bob", "lo");
    await ann.find(/^Bob is here \([\d.]+:\d+\)$/m);
    await bob.find(/^Ann is here \([\d.]+:\d+\)$/m);
    expect(await bob.interrupt()).toMatchObject({ code: 0, signal: null });
    await ann.find(/^Bob has left/m);
    // What does not fit is passed over, terminal sequences too.
    const cleo = "hello 00000000-0000-0000-0000-000000000000";
    const guest = python("multicast_sender.py", port, "nonsense", `${cleo} \u001b[2J`, `${cleo} Cleo`);
    expect(await guest.ended).toEqual(fine(/^here [0-9a-f-]{36} Ann\n$/));
    const { output, ...end } = await ann.interrupt();
    expect(end).toEqual({ code: 0, signal: null });
    expect(output).not.toContain("\u001b");
    expect(output).toMatch(/\nCleo is here .*\n$/);
  });
});

describe("own-protocol", () => {
  it("stores and gives words, to several clients, and ends cleanly on Ctrl-C", async () => {
    const server = example("own-protocol", "0");
    const port = await server.port();
    for (const [request, answer] of [
      ["get fish", '"none"'],
      ["set fish salmon and trout", '"stored"'],
      ["get fish", '"value: salmon and trout"'],
      ["set fish \u001b[2J", '"stored"'],
      ["get fish", '"value: \\u001b[2J"'],
      ["set fish", '"stored"'],
      ["get fish", '"value: "'],
      ["drop everything", '"error: expected get KEY or set KEY VALUE"'],
      [`get ${"x".repeat(101)}`, '"error: expected get KEY or set KEY VALUE"'],
    ] as const) {
      expect(await example("own-protocol", port, request).ended).toEqual({
        code: 0,
        signal: null,
        output: `${answer}\n`,
      });
    }
    expect(await server.interrupt()).toMatchObject({ code: 0, signal: null });
  });

  it("answers requests that come at once or in pieces, from CPython too", async () => {
    const server = example("own-protocol", "0");
    const port = await server.port();
    const { code, output } = await python("own_protocol_client.py", port).ended;
    expect({ code, output }).toEqual({ code: 0, output: "stored\nvalue: grün\nnone\n" });
    // A length that is not allowed loses its own connection and nothing else.
    const hostile = connect(Number(port), "127.0.0.1");
    const closed = new Promise((resolve) => hostile.on("error", () => {}).once("close", resolve));
    hostile.resume().write(Buffer.concat([Buffer.from([0xff, 0xff]), Buffer.alloc(10)]));
    await closed;
    await server.find(/^Lost a client: LimitError: No end within 1024 bytes$/m);
    expect((await example("own-protocol", port, "get a").ended).output).toBe('"value: grün"\n');
  });

  it("is a program of less than 60 lines", () => {
    expect(readFileSync(join(folder, "src", "own-protocol.ts"), "utf8").split("\n").length).toBeLessThan(60);
  });

  it("says what is wrong", async () => {
    const port = await example("own-protocol", "0").port();
    for (const [args, output] of [
      [[port], /^.*EADDRINUSE.*\n$/],
      [["abc"], /^PORT must be a whole number from 0 to 65535, got "abc"\n$/],
      [["1", "get", "a"], /^.*ECONNREFUSED.*\n$/],
      [[port, "set", "x".repeat(1_100)], /^item must be at most 1024 bytes long/],
    ] as const) {
      expect(await example("own-protocol", ...args).ended).toMatchObject({
        code: 1,
        output: expect.stringMatching(output),
      });
    }
  });
});

describe.skipIf(process.getuid?.() !== 0)("sniff-ten-packets (needs root)", () => {
  it("prints ten packets that match, and ends", async () => {
    const sniffer = example("sniff-ten-packets", "lo", "udp", "and", "dst", "port", "40961");
    await sniffer.find(/^Listening on lo$/m);
    const socket = createSocket("udp4").on("error", () => {});
    for (let i = 0; i < 20; i++) {
      socket.send("other", 40_962, "127.0.0.1");
      socket.send("one of ten", 40_961, "127.0.0.1");
    }
    const line = String.raw`\d{4}-\S+Z lo Ethernet / IPv4 / UDP {2}127\.0\.0\.1:\d+ > 127\.0\.0\.1:40961 {2}payload=10\n`;
    expect(await sniffer.ended).toEqual(fine(new RegExp(`^Listening on lo\n(${line}){10}10 packets, \\d+ passed`)));
    socket.close();
  });

  it("ends cleanly on Ctrl-C, and says what is wrong", async () => {
    const sniffer = example("sniff-ten-packets", "lo", "udp port 40963");
    await sniffer.find(/^Listening on lo$/m);
    expect(await sniffer.interrupt()).toEqual(fine(/\n0 packets, 0 passed the filter, 0 dropped\n$/));
    expect(await example("sniff-ten-packets", "nope0").ended).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^interface: expected one of .*, got "nope0"\n$/),
    });
  });
});

describe("http-analyser", () => {
  /** A server, and what a client of Node.js asks it over one connection after the other. */
  async function traffic(): Promise<{ port: string; ask(): Promise<void>; close(): void }> {
    const server = createHttpServer((request, response) => {
      request.resume();
      if (request.url === "/missing") response.writeHead(404).end("nothing here");
      else if (request.url === "/stream") {
        response.write("first ");
        response.end("second");
      } else response.end("x".repeat(200_000));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const ask = async () => {
      for (const [method, path] of [
        ["GET", "/large"],
        ["POST", "/stream"],
        ["GET", "/missing"],
      ] as const) {
        await fetch(`http://127.0.0.1:${port}${path}`, { method }).then((response) => response.text());
      }
    };
    return { port: String(port), ask, close: () => server.close().closeAllConnections() };
  }

  const seen = (port: string): RegExp => {
    const line = (what: string) => String.raw`\d{4}-\S+Z ${what} \d+\.\d ms\n`;
    const url = `http://127.0.0.1:${port}`;
    return new RegExp(line(`GET ${url}/large 200`) + line(`POST ${url}/stream 200`) + line(`GET ${url}/missing 404`));
  };

  it.skipIf(process.getuid?.() !== 0)("shows requests as they happen, and ends on Ctrl-C (needs root)", async () => {
    const { port, ask, close } = await traffic();
    const analyser = example("http-analyser", port, "lo");
    await analyser.find(/^Listening on lo$/m);
    await ask();
    await analyser.find(seen(port));
    close();
    expect(await analyser.interrupt()).toMatchObject({ code: 0 });
  });

  it.skipIf(process.getuid?.() !== 0)("shows the requests of a file that tcpdump wrote (needs root)", async () => {
    const { port, ask, close } = await traffic();
    const file = join(mkdtempSync(join(tmpdir(), "analyser-")), "http.pcap");
    const options = ["-n", "-l", "--immediate-mode", "--print", "-U", "-i", "lo", "-w", file];
    const tcpdump = new Program("tcpdump", [...options, "tcp", "port", port]);
    await tcpdump.find(/listening on lo/);
    await ask();
    close();
    // All requests go over one connection, whose end is the last that is written.
    await tcpdump.find(/Flags \[[FR]/);
    await tcpdump.interrupt();
    const { code, output } = await example("http-analyser", port, file).ended;
    rmSync(dirname(file), { recursive: true });
    expect([code, output]).toEqual([0, expect.stringMatching(seen(port))]);
  });

  it("says what is wrong with a file", async () => {
    const { code, output } = await example("http-analyser", "80", import.meta.filename).ended;
    expect([code, output]).toEqual([1, expect.stringMatching(/^Neither a pcap nor a pcapng file/)]);
  });
});

describe("the runner", () => {
  it("lists what there is", async () => {
    const { code, output } = await example().ended;
    expect(code).toBe(0);
    const lines = output.trim().split("\n").slice(2);
    expect(lines.map((line) => line.trim().split(" ")[0]).sort()).toEqual(
      names.filter((name) => name !== "run").sort(),
    );
    // Each has something to say, on one line of a terminal.
    for (const line of lines) expect(line).toMatch(/^ {2}[a-z-]+ {2,}[A-Z].{10,}$/);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it("says what a program does and takes", async () => {
    expect(await example("tcp-hello-server", "--help").ended).toEqual(
      fine(/^Says hello to one client .*\n\nUsage: npm run example -- tcp-hello-server \[PORT=5000\]\n$/),
    );
  });

  it("says that it does not know an example", async () => {
    const { code, output } = await example("tcp-goodbye").ended;
    expect(code).toBe(1);
    expect(output).toMatch(/^There is no example "tcp-goodbye"\./);
  });
});

test("the README lists each example with its command, as the program gives it", () => {
  const rows = readFileSync(join(folder, "README.md"), "utf8").split("\n");
  for (const name of names) {
    if (name === "run") continue;
    const row = rows.find((line) => line.startsWith(`| [\`${name}\`](src/${name}.ts)`));
    const [, command] = /`npm run example -- ([^`]+)` +\|$/.exec(row ?? "") ?? [];
    expect(command, name).toMatch(new RegExp(`^${name} [A-Z[]`));
    // It answers --help by itself.
    if (name === "web-crawler") continue;
    const [, usage] = /^ \* Usage: (.*)$/m.exec(readFileSync(join(folder, "src", `${name}.ts`), "utf8")) ?? [];
    // The README leaves out the options that few need.
    expect(usage?.startsWith(command!), `${name}: ${usage}, in the README: ${command}`).toBe(true);
  }
});
