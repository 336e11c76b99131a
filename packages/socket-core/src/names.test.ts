import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import * as C from "./constants.ts";
import * as names from "./names.ts";

describe("getaddrinfo", () => {
  it("gives one entry for each socket type", async () => {
    const found = await names.getaddrinfo("127.0.0.1", 80);
    expect(found.map(({ type, protocol }) => [type, protocol])).toEqual([
      [C.SOCK_STREAM, C.IPPROTO_TCP],
      [C.SOCK_DGRAM, C.IPPROTO_UDP],
      [C.SOCK_RAW, 0],
    ]);
    expect(found[0]).toMatchObject({ family: C.AF_INET, address: { address: "127.0.0.1", port: 80 } });
  });

  it("narrows to what is asked for", async () => {
    const found = await names.getaddrinfo("::1", "http", { family: C.AF_INET6, type: C.SOCK_STREAM });
    expect(found).toEqual([
      { family: C.AF_INET6, type: C.SOCK_STREAM, protocol: C.IPPROTO_TCP, address: { address: "::1", port: 80 } },
    ]);
  });

  it("takes null for the loopback, and with AI_PASSIVE the wildcard", async () => {
    const options = { family: C.AF_INET, type: C.SOCK_STREAM };
    expect((await names.getaddrinfo(null, 1, options))[0]?.address).toEqual({ address: "127.0.0.1", port: 1 });
    const passive = await names.getaddrinfo(null, 1, { ...options, flags: C.AI_PASSIVE });
    expect(passive[0]?.address).toEqual({ address: "0.0.0.0", port: 1 });
  });

  it("tells the canonical name", async () => {
    const [first] = await names.getaddrinfo("127.0.0.1", null, { flags: C.AI_CANONNAME });
    expect(first?.canonicalName).toBe("127.0.0.1");
  });

  it.each([
    [["nobody.invalid"], { code: "ENOTFOUND", address: "nobody.invalid", syscall: "getaddrinfo" }],
    [["127.0.0.1", "no-such-service"], { code: "EAI_SERVICE" }],
    [["example", null, { flags: C.AI_NUMERICHOST }], { code: "ENOTFOUND" }],
    [["127.0.0.1", 1, { type: 77 }], { code: "EAI_SOCKTYPE" }],
    [["127.0.0.1", 1, { family: 99 }], { code: "EAI_FAMILY" }],
  ] as const)("%j fails with a name for it", async (args, error) => {
    await expect(names.getaddrinfo(...(args as unknown as [string]))).rejects.toMatchObject(error);
  });

  it.each([
    [[null, null], "host must be given where service is not"],
    [[1], "host must be a string, got 1"],
    [["a\0b"], "host must be without NUL"],
    [["a", 65_536], "service must be an integer from 0 to 65535, got 65536"],
    [["a", 1, { signal: 1 }], "signal must be an AbortSignal, got 1"],
    [["x".repeat(2000)], "host must be a name of at most 1024 bytes"],
  ])("%j is refused", async (args, message) => {
    await expect(names.getaddrinfo(...(args as unknown as [string]))).rejects.toThrow(message);
  });

  it("can be given up", async () => {
    const reason = new Error("no more");
    await expect(names.getaddrinfo("localhost", null, { signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: "ABORT_ERR",
      cause: reason,
    });
    const controller = new AbortController();
    const waiting = names.getaddrinfo("localhost", null, { signal: controller.signal });
    controller.abort(reason);
    await expect(waiting).rejects.toMatchObject({ code: "ABORT_ERR", cause: reason });
  });

  it("answers many at a time", async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => names.getaddrinfo(`127.0.0.${i}`, i)));
    expect(answers.map(([first]) => first?.address)).toEqual(
      answers.map((_, i) => ({ address: `127.0.0.${i}`, port: i })),
    );
  });
});

describe("the other way", () => {
  it("getnameinfo", async () => {
    const numeric = C.NI_NUMERICHOST | C.NI_NUMERICSERV;
    expect(await names.getnameinfo({ address: "127.0.0.1", port: 80 }, numeric)).toEqual({
      host: "127.0.0.1",
      service: "80",
    });
    expect((await names.getnameinfo({ address: "::1", port: 53 }, C.NI_NUMERICHOST | C.NI_DGRAM)).service).toBe(
      "domain",
    );
    await expect(names.getnameinfo({ address: "192.0.2.1", port: 1 }, C.NI_NAMEREQD)).rejects.toThrow("getnameinfo");
  });

  it("gethostbyname, gethostname, getfqdn", async () => {
    expect(await names.gethostbyname("localhost")).toBe("127.0.0.1");
    expect(names.gethostname()).toBe(hostname());
    expect(await names.getfqdn("no.such.host.invalid")).toBe("no.such.host.invalid");
    expect(await names.getfqdn()).not.toBe("");
  });
});

describe("tables", () => {
  it("services", () => {
    expect(names.getservbyname("http", "tcp")).toBe(80);
    expect(names.getservbyport(22, "tcp")).toBe("ssh");
    expect(() => names.getservbyname("no-such", "tcp")).toThrow("getservbyname ENOENT no-such");
    expect(() => names.getservbyport(1, "no-such")).toThrow("getservbyport ENOENT 1");
    expect(() => names.getservbyport(-1)).toThrow("port must be an integer from 0 to 65535, got -1");
  });

  it("protocols", () => {
    expect(names.getprotobyname("icmp")).toBe(C.IPPROTO_ICMP);
    expect(() => names.getprotobyname("no-such")).toThrow("getprotobyname ENOENT no-such");
  });

  it("interfaces", () => {
    const loopback = names.ifNameIndex().find(({ name }) => name === "lo");
    expect(loopback?.index).toBeGreaterThan(0);
  });
});
