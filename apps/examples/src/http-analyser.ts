/**
 * Method, URL, status and time of each HTTP request on a port: from an interface as they happen, which needs root or
 * CAP_NET_RAW, or from a capture file.
 *
 * Usage: http-analyser [PORT=80] [INTERFACE or FILE]
 */
import { existsSync } from "node:fs";
import { escapeText, HTTPTracker, openCapture } from "@sockeye/pcap-decode";
import { sniff } from "@sockeye/pcap-decode/live";
import { portArgument } from "./terminal/port.ts";

const port = portArgument(process.argv[2], 80);
const source = process.argv[3] ?? "any";

const tracker = new HTTPTracker(
  ({ request, response, url, duration, stream }) => {
    const time = (request ?? response)?.time.toISOString();
    const took = duration === undefined ? "-" : `${(duration * 1000).toFixed(1)} ms`;
    // Anybody can send anything: nothing reaches the terminal that could steer it.
    const what = escapeText(`${request?.method ?? "?"} ${url ?? stream.server.address}`);
    console.log(time, what, response?.status ?? "no answer", took);
  },
  { maxBodyBytes: 0 },
);

const filter = `tcp port ${port}`;
if (existsSync(source)) {
  for await (const packet of openCapture(source, { filter })) tracker.add(packet);
} else {
  const capture = sniff({ interface: source, filter });
  process.on("SIGINT", () => capture.close());
  console.log("Listening on", source);
  for await (const packet of capture) tracker.add(packet);
}
tracker.finish();
