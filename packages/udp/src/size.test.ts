import { AF_INET, AF_INET6, AF_UNIX, SocketError } from "@sockeye/socket-core";
import { expect, it } from "vitest";
import { explainSize } from "./size.ts";

const tooLong = new SocketError("sendto EMSGSIZE 192.0.2.1:9: message too long", {
  code: "EMSGSIZE",
  errno: -90,
  syscall: "sendto",
  address: "192.0.2.1",
  port: 9,
});

it.each([
  [AF_INET, 65_508, "a datagram of 65,508 bytes is too long: IPv4 takes 65,507 at most"],
  [AF_INET6, 70_000, "a datagram of 70,000 bytes is too long: IPv6 takes 65,527 at most"],
  [AF_INET, 1_473, "a datagram of 1,473 bytes is too long: the path takes less and fragments are not allowed"],
  [AF_INET6, 65_510, "an IPv4 peer takes 65,507 at most"],
  [AF_UNIX, 300_000, "a datagram of 300,000 bytes is too long: the send buffer must hold it whole"],
])("family %i, %i bytes: %s", (family, length, message) => {
  const error = explainSize(tooLong, family, length) as SocketError;
  expect(error).toBeInstanceOf(SocketError);
  expect(error.message).toContain(message);
  expect(error).toMatchObject({ code: "EMSGSIZE", errno: -90, syscall: "sendto", address: "192.0.2.1", port: 9 });
  expect(error.cause).toBe(tooLong);
});

it("leaves other errors alone", () => {
  for (const error of [new Error("x"), new SocketError("y", { code: "EPERM" }), "z"]) {
    expect(explainSize(error, AF_INET, 5)).toBe(error);
  }
});
