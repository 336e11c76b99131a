import { describe, expect, it, test } from "vitest";
import { addressGuard, checkLiteral, guardedLookup, isPublicAddress } from "./addresses.ts";
import { ForbiddenAddressError } from "./errors.ts";

describe("public addresses", () => {
  test.each([
    "8.8.8.8",
    "1.1.1.1",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "100.63.255.255",
    "100.128.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:0808:0808::1",
  ])("%s", (address) => expect(isPublicAddress(address)).toBe(true));
  test.each([
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "::127.0.0.1",
    "example.com",
    "",
  ])("not %s", (address) => expect(isPublicAddress(address)).toBe(false));
});

describe("guard", () => {
  it("is nothing for any, and refuses nonsense", () => {
    expect(addressGuard("any")).toBeNull();
    expect(addressGuard(undefined)).toBeNull();
    expect(() => addressGuard("private" as never)).toThrow("allowAddresses must be");
  });
  it("checks literals, which no lookup sees", () => {
    const guard = addressGuard("public")!;
    expect(() => checkLiteral("127.0.0.1", guard)).toThrow(ForbiddenAddressError);
    expect(() => checkLiteral("[::1]", guard)).toThrow(ForbiddenAddressError);
    expect(() => checkLiteral("localhost", guard)).not.toThrow();
  });
  it("checks what a name resolves to", async () => {
    const error = await new Promise((resolve) => guardedLookup(isPublicAddress)("localhost", {}, resolve));
    expect(error).toBeInstanceOf(ForbiddenAddressError);
    const address = await new Promise((resolve) =>
      guardedLookup(() => true)("127.0.0.1", {}, (_, found) => resolve(found)),
    );
    expect(address).toBe("127.0.0.1");
  });
  it("passes a failing lookup on", async () => {
    const error = await new Promise<Error | null>((resolve) =>
      guardedLookup(() => true)("does-not-exist.invalid", { all: true }, resolve),
    );
    expect(error).toBeInstanceOf(Error);
  });
});
