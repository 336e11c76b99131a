/**
 * @typedef {object} CpuProfile the part of V8's format that is used
 * @property {{ id: number, callFrame: { functionName: string, url: string, lineNumber: number } }[]} nodes
 * @property {number[]} samples
 * @property {number[]} timeDeltas microseconds
 *
 * @typedef {object} HeapSnapshot the part of V8's format that is used
 * @property {{ meta: { node_fields: string[], node_types: [string[], ...unknown[]] } }} snapshot
 * @property {number[]} nodes
 * @property {string[]} strings
 */

/**
 * Own time by function, the most first, idle time left out.
 *
 * @param {CpuProfile} profile
 * @param {number} [most] rows
 */
export function processorTable({ nodes, samples, timeDeltas }, most = 15) {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url === "" ? "" : ` ${url.split("/").slice(-2).join("/")}:${lineNumber + 1}`;
      return [id, `${functionName || "(anonymous)"}${place}`];
    }),
  );
  /** @type {Map<string, number>} */
  const times = new Map();
  samples.forEach((id, index) => {
    const name = names.get(id) ?? "?";
    if (!name.startsWith("(idle)")) times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  });
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [...times]
    .sort((a, b) => b[1] - a[1])
    .slice(0, most)
    .map(([name, time]) => `${((100 * time) / total).toFixed(1).padStart(6)} %  ${name}`)
    .join("\n");
}

/**
 * Bytes a connection by kind of object, for kinds of which there is about one for each.
 *
 * @param {HeapSnapshot} snapshot
 * @param {number} connections
 */
export function heapTable({ snapshot, nodes, strings }, connections) {
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, name, size] = ["type", "name", "self_size"].map((field) => fields.indexOf(field));
  /** @type {Map<string, { count: number, bytes: number }>} */
  const kinds = new Map();
  for (let at = 0; at < nodes.length; at += fields.length) {
    const field = (/** @type {number | undefined} */ index) => nodes[at + (index ?? 0)] ?? 0;
    const kind = `${types[0][field(type)]} ${strings[field(name)]?.slice(0, 40)}`.trim();
    const entry = kinds.get(kind) ?? { count: 0, bytes: 0 };
    entry.count++;
    entry.bytes += field(size);
    kinds.set(kind, entry);
  }
  const each = [...kinds].filter(([, { count }]) => count >= connections * 0.9);
  const total = each.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const row = (/** @type {string} */ kind, /** @type {number} */ count, /** @type {number} */ bytes) =>
    `${(bytes / connections).toFixed(0).padStart(6)} bytes in ${(count / connections).toFixed(1).padStart(4)}  ${kind}`;
  const rows = each.sort((a, b) => b[1].bytes - a[1].bytes).map(([kind, { count, bytes }]) => row(kind, count, bytes));
  return [...rows, `${(total / connections).toFixed(0).padStart(6)} bytes together`].join("\n");
}
