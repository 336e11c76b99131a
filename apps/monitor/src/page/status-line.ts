/** One line that says where the packets come from and how many there are. */
import type { Snapshot } from "../engine/messages.ts";
import type { ServerMessage } from "../wire/protocol.ts";
import { bytes, count, memory } from "./quantity.ts";

/** What the line is made of. */
export interface Status {
  readonly snapshot: Snapshot | undefined;
  /** Name of the file or the interface. */
  readonly name: string;
  readonly filter: string;
  readonly counts: (ServerMessage & { readonly type: "counts" }) | undefined;
}

/** The parts of the line, the most important first. */
export function statusParts({ snapshot, name, filter, counts }: Status): string[] {
  if (snapshot === undefined || (snapshot.state === "empty" && name === "")) return ["No packets yet"];
  const parts: string[] = [];
  if (snapshot.state === "loading") {
    parts.push(`${name}: ${snapshot.size === 0 ? 0 : Math.floor((100 * snapshot.read) / snapshot.size)} %`);
  } else parts.push(snapshot.state === "live" ? `Live on ${name}` : name);
  const all = `${count(snapshot.received)} packet${snapshot.received === 1 ? "" : "s"}`;
  parts.push(filter === "" ? `${all}, ${bytes(snapshot.bytes)}` : `${count(snapshot.packets)} of ${all}`);
  if (snapshot.behind > 0) parts.push(`${count(snapshot.behind)} to look at`);
  if (snapshot.malformed > 0) parts.push(`${count(snapshot.malformed)} malformed`);
  const gone = snapshot.received - snapshot.kept;
  if (gone > 0) parts.push(`oldest ${count(gone)} forgotten, ${memory(snapshot.keptBytes)} kept`);
  if (counts !== undefined && snapshot.state === "live") {
    parts.push(`dropped: ${count(counts.kernelDropped)} by the kernel, ${count(counts.queueDropped)} on the way`);
  }
  return parts;
}
