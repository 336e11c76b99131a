/** Runs the engine in a Web Worker: all decoding happens here, away from the page's own thread. */
import { Engine } from "./engine.ts";
import type { EngineRequest } from "./messages.ts";

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

const engine = new Engine({
  answer: (message, transfer = []) => self.postMessage(message, { transfer }),
  // A message to oneself: those that came before it are handled first, and it is not slowed down as timers are.
  breathe: () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      channel.port2.postMessage(0);
    }),
  now: () => performance.now(),
});

self.onmessage = ({ data }: MessageEvent<EngineRequest>) => {
  void engine.handle(data);
};
