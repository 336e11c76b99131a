import { checkInteger, InvalidValueError } from "../errors.ts";

/** The `count` items with the most bytes or packets, most first. */
export function most<T extends { readonly bytes: number; readonly packets: number }>(
  items: Iterable<T>,
  count: number,
  by: "bytes" | "packets",
): T[] {
  checkInteger("count", count, 1, Number.MAX_SAFE_INTEGER);
  if (by !== "bytes" && by !== "packets") throw new InvalidValueError("by", by, '"bytes" or "packets"');
  // A heap of the best so far, the least of them at the root.
  const heap: { readonly item: T; readonly amount: number }[] = [];
  for (const item of items) {
    const amount = item[by];
    if (heap.length === count && amount <= heap[0]!.amount) continue;
    const entry = { item, amount };
    if (heap.length < count) {
      heap.push(entry);
      let at = heap.length - 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (heap[parent]!.amount <= amount) break;
        heap[at] = heap[parent]!;
        at = parent;
      }
      heap[at] = entry;
    } else sink(heap, entry);
  }
  return heap.sort((x, y) => y.amount - x.amount).map(({ item }) => item);
}

function sink<E extends { readonly amount: number }>(heap: E[], entry: E): void {
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]!.amount < heap[child]!.amount) child++;
    if (heap[child]!.amount >= entry.amount) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = entry;
}
