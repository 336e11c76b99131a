import fc from "fast-check";
import { expect, it } from "vitest";
import { bindLayer, bindLinkType } from "./bind.ts";
import { stack } from "./build/stack.ts";
import { bits, u8 } from "./field.ts";
import { defineLayer, layerById } from "./layer.ts";
import { DNS } from "./layers/dns.ts";
import { Ethernet } from "./layers/ethernet.ts";
import { GRE } from "./layers/gre.ts";
import { IPv4 } from "./layers/ipv4.ts";
import { IPv6 } from "./layers/ipv6.ts";
import { TCP } from "./layers/tcp.ts";
import { UDP } from "./layers/udp.ts";
import { VLAN } from "./layers/vlan.ts";
import { Packet } from "./packet.ts";
import {
  closureWalker,
  generateWalker,
  MAX_LAYERS,
  SLOT_SIZE,
  type WalkedPacket,
  type Walker,
  type WalkState,
} from "./step.ts";
import { FlowTracker } from "./streams/flow-tracker.ts";
import { state as shared } from "./walk.ts";

const samples = [
  stack(Ethernet(), IPv4(), TCP({ flags: "S", options: [{ kind: "mss", value: 1460 }] })).bytes(),
  stack(
    Ethernet(),
    VLAN({ vid: 5 }),
    IPv4(),
    UDP({ dport: 53 }),
    DNS({ questions: [{ name: "a.example", type: 1, class: 1 }] }),
  ).bytes(),
  stack(Ethernet(), IPv6(), TCP({ dport: 80 }), "GET / HTTP/1.1\r\n\r\n").bytes(),
  stack(Ethernet(), ...Array.from({ length: 9 }, () => [IPv4(), GRE()]).flat(), IPv4()).bytes(),
];

function makeState(): WalkState & { readonly slots: Int32Array } {
  const walks = new WeakMap<WalkedPacket, number>();
  return {
    ...shared,
    walk: 1,
    walkOf: (packet) => walks.get(packet) ?? 0,
    setWalk: (packet, walk) => walks.set(packet, walk),
    slots: new Int32Array(MAX_LAYERS * SLOT_SIZE),
  };
}

const parts = layerById.map((layer) => layer?.code);
const ways = [closureWalker, generateWalker].map((make) => {
  const state = makeState();
  return { state, walk: make(parts, state.slots, state) };
});

/** Everything that a walk tells when it is asked these questions in turn. */
function answers(walk: Walker, state: ReturnType<typeof makeState>, bytes: Uint8Array, questions: [number, number][]) {
  const packet = { buffer: bytes, offset: 0, capturedLength: bytes.length, linkType: 1 };
  const found = questions.map(([id, nth]) => walk(packet, id, nth, false));
  walk(packet, 0, 0, false);
  return { found, slots: [...state.slots.subarray(0, state.top)], error: state.error };
}

it("the generated walk and the one of closures agree, whatever the bytes and the order of questions", () => {
  const questions = fc.array(
    fc.tuple(fc.constantFrom(...[Ethernet, VLAN, IPv4, IPv6, GRE, TCP, UDP, DNS].map((layer) => layer.id)), fc.nat(3)),
    { maxLength: 5 },
  );
  const changes = fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom(...samples), fc.nat(300), changes, questions, (sample, length, edits, asked) => {
      const bytes = sample.slice(0, length);
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      const [first, second] = ways.map(({ walk, state }) => answers(walk, state, bytes, asked as [number, number][]));
      expect(second).toEqual(first);
      expect(first!.slots.length).toBeLessThanOrEqual(MAX_LAYERS * SLOT_SIZE);
    }),
    { numRuns: 2000 },
  );
});

it("packets that are asked in turns tell what they tell alone", () => {
  const packets = samples.map((bytes) => Packet.from(bytes));
  const alone = samples.map((bytes) => Packet.from(bytes).layers.map((view) => view.layer.name));
  const names: string[][] = packets.map(() => []);
  for (let nth = 0; nth < MAX_LAYERS; nth++) {
    for (const [i, packet] of packets.entries()) {
      expect(packet.has(TCP)).toBe(alone[i]!.includes("TCP"));
      const view = packet.layers[nth];
      if (view !== undefined) names[i]!.push(view.layer.name);
      expect(packet.get(Ethernet)?.type).toBe(packet.layers[0]!.toJSON().type);
    }
  }
  expect(names).toEqual(alone);
});

it("a layer that is defined after packets were read is found in the next, and in one that was asked before", () => {
  const bytes = stack(Ethernet(), IPv4(), UDP({ dport: 45_678 }), Uint8Array.of(7, 0x12)).bytes();
  const before = Packet.from(bytes);
  expect(before.layers).toHaveLength(3);
  const Late = defineLayer({ name: "LateLayer", fields: { kind: u8(), high: bits(4), low: bits(4) } });
  bindLayer(UDP, 45_678, Late);
  const after = Packet.from(bytes);
  expect(after.get(Late)?.kind).toBe(7);
  expect(before.get(Late)?.low).toBe(2);
});

it("a layer that is bound is found in a packet whose layers were all known, and by what looks at its headers", () => {
  const Tunnel = defineLayer({ name: "LateTunnel", fields: { kind: u8() }, next: () => IPv4 });
  const inner = stack(IPv4({ src: "10.0.0.9" }), TCP({ sport: 7 })).bytes();
  const packet = Packet.from(
    stack(Ethernet(), IPv4(), UDP({ sport: 9, dport: 45_679 }), Uint8Array.of(7, ...inner)).bytes(),
  );
  const flows = () => {
    const tracker = new FlowTracker();
    tracker.add(packet);
    return tracker.top(1).map(({ protocolName }) => protocolName);
  };
  expect([packet.layers.length, packet.has(Tunnel), flows()]).toEqual([3, false, ["UDP"]]);
  bindLayer(UDP, 45_679, Tunnel);
  expect([packet.has(Tunnel), flows(), packet.get(IPv4, 1)?.src]).toEqual([true, ["TCP"], "10.0.0.9"]);
});

it("a link type that is bound is known in a packet that had no layers", () => {
  const packet = Packet.from(Uint8Array.of(7), { linkType: 147 });
  expect(packet.layers).toEqual([]);
  bindLinkType(147, defineLayer({ name: "LateLink", fields: { kind: u8() } }));
  expect(packet.summary()).toBe("LateLink");
});

it("does not take the layers of another packet for those of one whose walk failed", () => {
  const Broken = defineLayer({
    name: "Broken",
    fields: { kind: u8() },
    next() {
      throw new Error("a layer of somebody else's");
    },
  });
  bindLayer(Ethernet, 0x88b6, Broken);
  const [first] = samples;
  const other = Packet.from(first!);
  const packet = Packet.from(Uint8Array.of(...new Uint8Array(12), 0x88, 0xb6, 1, 2, 3));
  expect(other.has(TCP)).toBe(true);
  expect(() => packet.has(TCP)).toThrow("somebody else");
  expect(packet.get(TCP)).toBeUndefined();
  expect(other.require(IPv4).protocol).toBe(6);
});
