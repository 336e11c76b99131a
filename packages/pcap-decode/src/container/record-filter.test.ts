import fc from "fast-check";
import { expect, it } from "vitest";
import { compileFilter } from "../filter/filter.ts";
import { readCapture } from "./memory-capture.ts";
import { pcapHeader } from "./pcap-encoder.ts";
import { PCAP_HEADER, readPcapHeader } from "./pcap-header.ts";
import { hasPlainRecords, RecordFilter } from "./record-filter.ts";
import { encodeCapture } from "./writer.ts";

const SNAPLEN = 600;

/** A record with what writers get wrong: fractions of more than a second, more bytes than the snapshot length. */
const record = fc
  .record({
    seconds: fc.nat(0x7fffffff),
    fraction: fc.oneof(fc.nat(999_999), fc.nat(0xffffffff)),
    bytes: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 380, maxLength: 700 })),
    cut: fc.nat(100),
  })
  .map(({ seconds, fraction, bytes, cut }) => {
    const out = Buffer.alloc(16 + bytes.length);
    out.writeUInt32LE(seconds, 0);
    out.writeUInt32LE(fraction, 4);
    out.writeUInt32LE(bytes.length, 8);
    out.writeUInt32LE(bytes.length + cut, 12);
    out.set(bytes, 16);
    return out;
  });

/** Filters as a file is filtered that is read in pieces. */
function filterPieces(file: Uint8Array, pieces: readonly number[], filter: ReturnType<typeof compileFilter>) {
  const records = new RecordFilter(readPcapHeader(file, 0), filter);
  const out: Uint8Array[] = [];
  let from = PCAP_HEADER;
  let buffer = file.slice(0, PCAP_HEADER);
  let read = PCAP_HEADER;
  for (const size of [...pieces, file.length]) {
    const kept = records.keep(buffer, from, buffer.length, read - buffer.length);
    out.push(buffer.slice(from, kept));
    buffer = Buffer.concat([buffer.subarray(records.position), file.subarray(read, read + size)]);
    read = Math.min(file.length, read + size);
    from = 0;
  }
  const kept = records.keep(buffer, 0, buffer.length, read - buffer.length);
  out.push(buffer.slice(0, kept));
  return { bytes: Buffer.concat(out), records };
}

it("keeps the bytes that reading and writing the packets gives, however the file is cut into pieces", async () => {
  const file = fc.tuple(fc.array(record, { maxLength: 30 }), fc.boolean(), fc.nat(30)).map(([records, nano, cut]) => {
    const header = pcapHeader({
      linkType: 1,
      linkTypeExtension: 0,
      snaplen: SNAPLEN,
      nanoseconds: nano,
      big: false,
    });
    const bytes = Buffer.concat([header, ...records]);
    return { nano, bytes: bytes.subarray(0, Math.max(PCAP_HEADER, bytes.length - cut)) };
  });
  const pieces = fc.array(fc.nat(900), { maxLength: 20 });
  const expression = fc.constantFrom("less 300", "ether[0] & 1 != 0", "len > 500", "");
  await fc.assert(
    fc.asyncProperty(file, pieces, expression, async ({ nano, bytes }, sizes, text) => {
      const filter = compileFilter(text, { linkType: 1 });
      const capture = readCapture(bytes, { filter });
      const options = { snaplen: SNAPLEN, linkType: 1, nanoseconds: nano };
      const expected = await encodeCapture(capture, options);
      const ours = filterPieces(bytes, sizes, filter);
      expect(ours.bytes.equals(expected.subarray(PCAP_HEADER))).toBe(true);
      expect(ours.records.problem?.code).toBe(capture.problem?.code === "damaged" ? "damaged" : undefined);
    }),
    { numRuns: 500 },
  );
});

it("stops at a record that is too large, and names its place", () => {
  const header = { linkType: 1, linkTypeExtension: 0, snaplen: SNAPLEN, nanoseconds: false, big: false };
  const file = Buffer.concat([pcapHeader(header), Buffer.alloc(16), Buffer.alloc(16, 0xff)]);
  const { records } = filterPieces(file, [], compileFilter("", { linkType: 1 }));
  expect(records.problem).toMatchObject({ code: "damaged", offset: PCAP_HEADER + 16 });
  expect(records.packets).toBe(1);
});

it("takes little-endian files of version 2.4 only", () => {
  const plain = { linkType: 1, linkTypeExtension: 0, snaplen: 0, nanoseconds: false, big: false };
  expect(hasPlainRecords(readPcapHeader(pcapHeader(plain), 0))).toBe(true);
  expect(hasPlainRecords(readPcapHeader(pcapHeader({ ...plain, big: true }), 0))).toBe(false);
  const old = pcapHeader(plain);
  old[6] = 3;
  expect(hasPlainRecords(readPcapHeader(old, 0))).toBe(false);
});
