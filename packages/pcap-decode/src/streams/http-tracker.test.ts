import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stack } from "../build/stack.ts";
import { Ethernet } from "../layers/ethernet.ts";
import { IPv4 } from "../layers/ipv4.ts";
import { TCP } from "../layers/tcp.ts";
import { Packet } from "../packet.ts";
import { HTTPBody } from "./http-body.ts";
import { headerOf } from "./http-message.ts";
import { HTTPTracker, type HTTPTrackerOptions } from "./http-tracker.ts";
import type { HTTPTransaction } from "./http-transaction.ts";

const latin1 = (text: string | Uint8Array) => (typeof text === "string" ? Buffer.from(text, "latin1") : text);

/** What is said in turn: by the client `>`, by the server `<`; a number leaves out so many bytes. */
type Turn = readonly [">" | "<", string | Uint8Array | number];

/** Packets of one connection that says `turns`, in segments of at most `size`; with its SYN and FINs unless told. */
function talk(turns: readonly Turn[], { size = 1400, syn = true, fin = true, port = 40000 } = {}): Packet[] {
  const next = { ">": 10, "<": 100 };
  let time = 1;
  const send = (from: ">" | "<", flags: string, data: Uint8Array = new Uint8Array(0)): Packet => {
    const [src, dst, sport, dport] =
      from === ">" ? (["10.0.0.1", "10.0.0.2", port, 8080] as const) : (["10.0.0.2", "10.0.0.1", 8080, port] as const);
    const other = from === ">" ? "<" : ">";
    const bytes = stack(
      Ethernet(),
      IPv4({ src, dst }),
      TCP({ sport, dport, seq: next[from], ack: next[other], flags }),
      data,
    ).bytes();
    next[from] += data.length + (/[SF]/.test(flags) ? 1 : 0);
    time += 0.001;
    return new Packet(bytes, 0, bytes.length, bytes.length, 1, Math.floor(time), Math.round((time % 1) * 1e9));
  };
  const packets = syn ? [send(">", "S"), send("<", "SA"), send(">", "A")] : [];
  for (const [from, what] of turns) {
    if (typeof what === "number") {
      next[from] += what;
      continue;
    }
    const bytes = latin1(what);
    for (let at = 0; at < bytes.length; at += size) packets.push(send(from, "PA", bytes.subarray(at, at + size)));
    packets.push(send(from === ">" ? "<" : ">", "A"));
  }
  if (fin) packets.push(send(">", "FA"), send("<", "FA"), send(">", "A"));
  return packets;
}

function track(packets: Iterable<Packet>, options: HTTPTrackerOptions = {}): HTTPTransaction[] {
  const seen: HTTPTransaction[] = [];
  const tracker = new HTTPTracker((transaction) => void seen.push(transaction), options);
  for (const packet of packets) tracker.add(packet);
  tracker.finish();
  return seen;
}

/** `METHOD target status body`, what is incomplete in parentheses. */
function brief({ request, response }: HTTPTransaction): string {
  const body = response && Buffer.from(response.body.bytes).toString("latin1");
  const text = [request ? `${request.method} ${request.target}` : "?", response ? `${response.status} ${body}` : "-"];
  return `${text.join(" ").trim()}${response && !response.complete ? " (incomplete)" : ""}`;
}

const ok = (body: string, ...headers: string[]) =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${headers.map((each) => `${each}\r\n`).join("")}\r\n${body}`;
const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: h.example\r\n\r\n`;

const cases: readonly (readonly [string, readonly Turn[], readonly string[]])[] = [
  [
    "one",
    [
      [">", get("/a")],
      ["<", ok("hello")],
    ],
    ["GET /a 200 hello"],
  ],
  [
    "several on a connection",
    [
      [">", get("/a")],
      ["<", ok("A")],
      [">", get("/b")],
      ["<", ok("B")],
    ],
    ["GET /a 200 A", "GET /b 200 B"],
  ],
  [
    "pipelined",
    [
      [">", get("/a") + get("/b") + get("/c")],
      ["<", ok("A") + ok("") + ok("C")],
    ],
    ["GET /a 200 A", "GET /b 200", "GET /c 200 C"],
  ],
  [
    "chunked, with extensions and a trailer",
    [
      [">", get("/")],
      [
        "<",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: v\r\n\r\n" +
          ok("next"),
      ],
    ],
    ["GET / 200 hello world", "? 200 next"],
  ],
  [
    "a body in the request",
    [
      [">", `POST /p HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc${get("/q")}`],
      ["<", ok("1") + ok("2")],
    ],
    ["POST /p 200 1", "GET /q 200 2"],
  ],
  [
    "a body until the end",
    [
      [">", get("/")],
      ["<", "HTTP/1.0 200 OK\r\n\r\nall there is"],
    ],
    ["GET / 200 all there is"],
  ],
  [
    "HEAD, 204 and 304 have no body",
    [
      [">", `HEAD / HTTP/1.1\r\n\r\n${get("/n")}${get("/m")}`],
      [
        "<",
        "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 204 No\r\n\r\nHTTP/1.1 304 Not\r\nContent-Length: 5\r\n\r\n",
      ],
    ],
    ["HEAD / 200", "GET /n 204", "GET /m 304"],
  ],
  [
    "100 before the answer",
    [
      [">", "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"],
      ["<", "HTTP/1.1 100 Continue\r\n\r\n"],
      [">", "hi"],
      ["<", ok("yes")],
    ],
    ["POST / 200 yes"],
  ],
  [
    "CONNECT ends HTTP",
    [
      [">", "CONNECT h:443 HTTP/1.1\r\n\r\n"],
      ["<", "HTTP/1.1 200 OK\r\n\r\n"],
      [">", "\x16\x03\x01"],
      ["<", get("/not http")],
    ],
    ["CONNECT h:443 200"],
  ],
  [
    "Upgrade ends HTTP",
    [
      [">", "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"],
      ["<", "HTTP/1.1 101 Switching\r\n\r\n\x81\x02hi"],
      [">", get("/no")],
    ],
    ["GET /ws 101"],
  ],
  ["no answer", [[">", get("/a")]], ["GET /a -"]],
  [
    "HTTP/0.9",
    [
      [">", "GET /old\r\n"],
      ["<", "<p>as it is"],
    ],
    ["GET /old 200 <p>as it is"],
  ],
  [
    "empty lines between",
    [
      [">", `\r\n\r\n${get("/a")}\r\n${get("/b")}`],
      ["<", `${ok("A")}\r\n${ok("B")}`],
    ],
    ["GET /a 200 A", "GET /b 200 B"],
  ],
  [
    "bare line feeds",
    [
      [">", "GET /a HTTP/1.1\nHost: x\n\n"],
      ["<", "HTTP/1.1 200 OK\nContent-Length: 1\n\nA"],
    ],
    ["GET /a 200 A"],
  ],
  [
    "another protocol",
    [
      [">", "SSH-2.0-x\r\n"],
      ["<", "220 mail\r\n"],
      [">", "EHLO you\r\n"],
    ],
    [],
  ],
  [
    "lengths that contradict",
    [
      [">", get("/")],
      ["<", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    ],
    ["GET / 200 (incomplete)"],
  ],
];

describe("transactions", () => {
  test.each(cases)("%s", (_name, turns, expected) => expect(track(talk(turns)).map(brief)).toEqual(expected));
  test.each(cases)("%s, byte by byte", (_name, turns, expected) =>
    expect(track(talk(turns, { size: 1 })).map(brief)).toEqual(expected),
  );
  test.each(cases.filter(([name]) => name !== "HTTP/0.9"))("%s, without the SYN", (_name, turns, expected) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (size) => {
        expect(track(talk(turns, { size: Math.max(size, 8), syn: false })).map(brief)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
    expect(track(talk(turns, { syn: false })).map(brief)).toEqual(expected);
  });

  test("have headers, URLs, interim answers and times", () => {
    const [one] = track(
      talk([
        [">", "PUT /x?y=1 HTTP/1.1\r\nHost: h.example:81\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 1\r\n\r\n!"],
        ["<", `HTTP/1.1 102 Processing\r\n\r\n${ok("done", "Server: s")}`],
      ]),
    );
    expect(one!.url).toBe("http://h.example:81/x?y=1");
    expect(headerOf(one!.request!, "X-a")).toBe("1, 2");
    expect([one!.interim.map(({ status }) => status), one!.response!.reason]).toEqual([[102], "OK"]);
    expect(one!.waiting).toBeCloseTo(0.002, 6);
    expect(one!.duration).toBeCloseTo(0.002, 6);
    const urls = ["http://a/b", "*", "/c"].map(
      (target) => track(talk([[">", `GET ${target} HTTP/1.1\r\n\r\n`]]))[0]!.url,
    );
    expect(urls).toEqual(["http://a/b", "http://10.0.0.2:8080/*", "http://10.0.0.2:8080/c"]);
  });

  test("tell a request at once", () => {
    const seen: string[] = [];
    track(talk([[">", get("/now")]]), { onRequest: ({ url, response }) => void seen.push(`${url} ${response}`) });
    expect(seen).toEqual(["http://h.example/now undefined"]);
  });
});

describe("gaps", () => {
  test("inside a body count", () => {
    const [one] = track(
      talk([
        [">", get("/a")],
        ["<", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"],
        ["<", 4],
        ["<", `hij${ok("next")}`],
      ]),
    );
    expect(brief(one!)).toBe("GET /a 200 abc (incomplete)");
    expect(one!.response!.body).toMatchObject({ length: 10, missing: 4, complete: false });
  });

  test("that hide answers leave their requests without one", () => {
    const turns: Turn[] = [
      [">", get("/a")],
      ["<", 80],
      [">", get("/b")],
      ["<", ok("B")],
    ];
    expect(track(talk(turns)).map(brief)).toEqual(["GET /a -", "GET /b 200 B"]);
  });

  test("that hide requests leave their answers without one", () => {
    const turns: Turn[] = [
      [">", 60],
      ["<", ok("A")],
      [">", get("/b")],
      ["<", ok("B")],
    ];
    expect(track(talk(turns)).map(brief)).toEqual(["? 200 A", "GET /b 200 B"]);
  });
});

describe("bodies", () => {
  const content = "compressible ".repeat(500);
  const response = (coding: string, packed: Uint8Array) =>
    Buffer.concat([
      latin1(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${packed.length}\r\n\r\n`),
      packed,
    ]);
  const bodyOf = (coding: string, packed: Uint8Array): HTTPBody =>
    track(
      talk([
        [">", get("/")],
        ["<", response(coding, packed)],
      ]),
    )[0]!.response!.body;

  test.each([
    ["gzip", gzipSync(content)],
    ["x-gzip", gzipSync(content)],
    ["deflate", deflateSync(content)],
    ["deflate", deflateRawSync(content)],
    ["br", brotliCompressSync(content)],
    ["gzip, br", brotliCompressSync(gzipSync(content))],
    ["identity", Buffer.from(content)],
  ])("%s is unpacked", async (coding, packed) => {
    expect(Buffer.from(await bodyOf(coding, packed).decode()).toString()).toBe(content);
  });

  test("damage, bombs and unknown codings are errors; what can be unpacked may be asked for", async () => {
    const cut = gzipSync(content).subarray(0, 40);
    await expect(bodyOf("gzip", cut).decode()).rejects.toMatchObject({ code: "ERR_HTTP_BODY_DAMAGED" });
    expect((await bodyOf("gzip", cut).decode({ partial: true })).length).toBeLessThanOrEqual(content.length);
    const bomb = bodyOf("gzip", gzipSync(new Uint8Array(5_000_000)));
    await expect(bomb.decode({ limit: 100_000 })).rejects.toMatchObject({ code: "ERR_HTTP_BODY_LIMIT" });
    await expect(bodyOf("zip", cut).decode()).rejects.toThrow('Expected the codings gzip, deflate or br, got "zip"');
    await expect(bodyOf("identity", cut).decode({ limit: 3 })).rejects.toMatchObject({ code: "ERR_HTTP_BODY_LIMIT" });
    await expect(new HTTPBody([]).decode({ limit: -1 })).rejects.toThrow("limit: expected an integer from 0");
  });

  test("are kept up to a limit, and counted beyond it", () => {
    const turns: Turn[] = [
      [">", get("/")],
      ["<", ok("0123456789")],
    ];
    const [one] = track(talk(turns, { size: 4 }), { maxBodyBytes: 6 });
    expect([brief(one!), one!.response!.body.length, one!.response!.body.complete]).toEqual([
      "GET / 200 012345",
      10,
      false,
    ]);
    expect(track(talk(turns), { maxTotalBodyBytes: 2 }).map(brief)).toEqual(["GET / 200 01"]);
  });
});

describe("limits", () => {
  test("a head that is too long is none", () => {
    const long = `GET / HTTP/1.1\r\nX: ${"y".repeat(3000)}\r\n\r\n`;
    expect(track(talk([[">", long]]), { maxHeadBytes: 1000 })).toEqual([]);
    expect(track(talk([[">", long]])).length).toBe(1);
  });

  test("requests that wait", () => {
    const many = Array.from({ length: 5 }, (_, i) => get(`/${i}`)).join("");
    const seen = track(
      talk([
        [">", many],
        ["<", ok("x")],
      ]),
      { maxPipelined: 2 },
    );
    expect(seen.map(brief)).toEqual(["GET /0 -", "GET /1 -", "GET /2 -", "GET /3 200 x", "GET /4 -"]);
  });

  test.each([
    [{ maxBodyBytes: -1 }, "maxBodyBytes: expected an integer from 0"],
    [{ maxHeadBytes: 1 }, "maxHeadBytes: expected an integer from 64"],
    [{ maxStreams: 0 }, "maxStreams: expected an integer from 1"],
  ])("%j is refused", (options, message) => expect(() => new HTTPTracker(() => {}, options)).toThrow(message));
});

test("any bytes on both sides: nothing throws, and nothing is kept that should not be", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.constantFrom(
      get("/"),
      ok("x"),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "5\r\nhello\r\n",
      "0\r\n\r\n",
      "\r\n",
    ),
    fc.integer({ min: 1, max: 50 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(">" as const, "<" as const), piece), { maxLength: 20 }), (turns) => {
      for (const { request, response } of track(talk(turns))) expect(request ?? response).toBeDefined();
    }),
  );
});
