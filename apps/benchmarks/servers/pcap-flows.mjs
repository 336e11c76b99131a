// pcap-flows.mjs flows|streams FILE: counts the flows of a capture, or puts its TCP streams in order; prints a sum.
import { FlowTracker, openCapture, TCPReassembler } from "@sockeye/pcap-decode";

const [what, file] = process.argv.slice(2);
let sum = 0;
if (what === "flows") {
  const tracker = new FlowTracker();
  for await (const packets of openCapture(file).batches()) for (const packet of packets) tracker.add(packet);
  for (const flow of tracker) sum += flow.bytes;
} else {
  const reassembler = new TCPReassembler(() => ({
    data: (chunk) => {
      sum += chunk.bytes.length;
    },
  }));
  for await (const packets of openCapture(file).batches()) for (const packet of packets) reassembler.add(packet);
  reassembler.finish();
}
console.log(sum);
