import { expect, it, test } from "vitest";
import { PasswordGate, refusal } from "./password-gate.ts";

function gateAt(): { gate: PasswordGate; wait(milliseconds: number): void } {
  let now = 1_000;
  const gate = new PasswordGate("secret", () => now);
  return {
    gate,
    wait(milliseconds) {
      now += milliseconds;
    },
  };
}

it("lets in who knows it, however the accents are written", () => {
  expect(new PasswordGate("é").check("192.0.2.1", "e\u0301")).toBe("right");
  for (const wrong of ["", "Secret", "secret ", "x".repeat(10_000)]) {
    expect(gateAt().gate.check("192.0.2.1", wrong)).toBe("wrong");
  }
});

it("makes an address wait longer each time, and looks at nothing meanwhile", () => {
  const { gate, wait } = gateAt();
  expect(gate.check("192.0.2.1", "a")).toBe("wrong");
  expect(gate.check("192.0.2.1", "secret")).toEqual({ wait: 250 });
  expect(gate.check("192.0.2.2", "secret")).toBe("right");
  wait(250);
  expect(gate.check("192.0.2.1", "b")).toBe("wrong");
  expect(gate.check("::ffff:192.0.2.1", "secret")).toEqual({ wait: 500 });
  for (let i = 0; i < 20; i++) {
    wait(60_000);
    expect(gate.check("192.0.2.1", "c")).toBe("wrong");
  }
  expect(gate.check("192.0.2.1", "secret")).toEqual({ wait: 60_000 });
  wait(60_000);
  expect(gate.check("192.0.2.1", "secret")).toBe("right");
  expect(gate.check("192.0.2.1", "d")).toBe("wrong");
  expect(gate.check("192.0.2.1", "secret")).toEqual({ wait: 250 });
});

test("the hosts of an IPv6 network are one address", () => {
  const { gate } = gateAt();
  expect(gate.check("2001:db8::1", "a")).toBe("wrong");
  expect(gate.check("2001:db8:0:0:9::7", "secret")).toEqual({ wait: 250 });
  expect(gate.check("2001:db8:1::1", "secret")).toBe("right");
  expect(gate.check("::1", "secret")).toBe("right");
});

it("says when to try again", () => {
  expect(refusal("wrong")).toMatch(/not the password/);
  expect(refusal({ wait: 1_200 })).toMatch(/in 2 s$/);
});
