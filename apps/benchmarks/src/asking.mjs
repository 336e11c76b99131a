import { createInterface } from "node:readline";

/**
 * What the HTTP clients in ../servers have in common: the command line `WAY PORT CONNECTIONS`, and on "run N" N requests, so many of
 * them under way at a time as there are connections.
 *
 * Each way asks once and resolves to what shows that the answer was read: the `id` of the JSON, or how many bytes there were.
 *
 * @param {(origin: string, connections: number) => Partial<Record<"get" | "post" | "body", (url: string) => Promise<number>>> & { stream?: (url: string) => Promise<number> }} client
 */
export async function answerRuns(client) {
  const [way, port, connections] = process.argv.slice(2);
  const origin = `http://127.0.0.1:${port}`;
  const ways = client(origin, Number(connections));
  const once = ways[/** @type {"get"} */ (way)];
  if (!once) throw new Error(`WAY is ${way}: expected one of ${Object.keys(ways).join(", ")}`);
  for await (const line of createInterface({ input: process.stdin })) {
    const count = Number(line.split(" ")[1]);
    const start = process.hrtime.bigint();
    if (way === "stream") check(await once(`${origin}/stream/${count}`), count * 2 ** 20);
    else await askMany(once, origin, way, count, Number(connections));
    console.log(JSON.stringify({ units: count, wall: Number(process.hrtime.bigint() - start) }));
  }
}

/** @type {(once: (url: string) => Promise<number>, origin: string, way: string, count: number, atOnce: number) => Promise<void>} */
async function askMany(once, origin, way, count, atOnce) {
  const url = way === "body" ? `${origin}/body` : `${origin}/json`;
  const expected = way === "body" ? 2 ** 20 : 12345;
  let left = count;
  const worker = async () => {
    while (left-- > 0) check(await once(url), expected);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** @type {(actual: number, expected: number) => void} */
function check(actual, expected) {
  if (actual !== expected) throw new Error(`the answer was read as ${actual} instead of ${expected}`);
}
