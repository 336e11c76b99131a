import { measureReader, onNode, onPython, streaming, tshark } from "../decoding.mjs";

const each = onNode("@sockeye/pcap-decode for await", "pcap-fields.mjs", "each");
const batches = onNode("@sockeye/pcap-decode batches", "pcap-fields.mjs", "batches");
const buffer = onNode("@sockeye/pcap-decode in memory", "pcap-fields.mjs", "buffer");
const decoder = onNode("@sockeye/pcap-decode createDecoder", "pcap-fields.mjs", "decoder");
const dpkt = onPython("dpkt", "pcap-fields-dpkt.py", 1 / 5);
const scapy = onPython("scapy", "pcap-fields-scapy.py", 1 / 50);
const fieldNames = ["eth.type", "ip.ttl", "ip.len", "ip.proto", "tcp.srcport", "tcp.dstport", "tcp.flags"];
const fields = [...fieldNames, "udp.srcport", "udp.dstport"].flatMap((name) => ["-e", name]);
const tsharkFields = tshark("tshark -T fields", 1 / 5, (path) => ["-r", path, "-T", "fields", ...fields]);

const toJSON = onNode("@sockeye/pcap-decode toJSON", "pcap-json.mjs", "data");
const toText = onNode("@sockeye/pcap-decode JSON text", "pcap-json.mjs", "text");
const tsharkJSON = tshark("tshark -T json", 1 / 10, (path) => ["-r", path, "-T", "json"]);

const streamed = streaming("@sockeye/pcap-decode for await", "each");
const streamedBatches = streaming("@sockeye/pcap-decode batches", "batches");

/** @type {import("../measurement.mjs").Work} */
const work = { mode: "packets", connections: 1, size: 0, count: 500_000, warmUp: 0 };

/** @type {import("../subject.mjs").Subject} */
export const pcapRead = {
  name: "pcap-read",
  summary: "packets of a capture file that are read and decoded",
  cases: [
    {
      name: "fields of layers 2 to 4",
      unit: "packet",
      contestants: [each, batches, buffer, decoder, dpkt, scapy, tsharkFields],
      work,
      measure: measureReader,
      comparisons: [
        { measure: "speed", ours: each.name, peer: scapy.name, goal: { atLeast: 300 } },
        { measure: "speed", ours: each.name, peer: dpkt.name, goal: { atLeast: 15 } },
        { measure: "speed", ours: each.name, peer: tsharkFields.name, goal: { atLeast: 50 } },
        { measure: "speed", ours: buffer.name, peer: dpkt.name, goal: null },
        { measure: "speed", ours: batches.name, peer: each.name, goal: null },
        { measure: "speed", ours: buffer.name, peer: each.name, goal: null },
        { measure: "speed", ours: decoder.name, peer: buffer.name, goal: null },
      ],
    },
    {
      name: "every layer as JSON",
      unit: "packet",
      contestants: [toJSON, toText, tsharkJSON],
      work: { ...work, count: 100_000 },
      measure: measureReader,
      comparisons: [
        { measure: "speed", ours: toJSON.name, peer: tsharkJSON.name, goal: { atLeast: 20 } },
        { measure: "speed", ours: toText.name, peer: tsharkJSON.name, goal: null },
      ],
    },
  ],
  growth: {
    name: "a stream, its memory",
    unit: "packet",
    what: "MiB",
    sizes: [102, 1024, 10_240],
    contestants: [streamed, streamedBatches],
    work: (count) => ({ ...work, mode: "stream", count }),
    measure: measureReader,
    cost: "processor",
    ours: streamed.name,
    peer: streamedBatches.name,
  },
};
