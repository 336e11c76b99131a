import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A port that takes SYNs and never answers: a listener whose queue is full. Null where there is no python3. */
export async function startBlackHole(): Promise<{ port: number; close: () => Promise<void> } | null> {
  const program = `
import socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(0)
waiting = []
for _ in range(4):
    c = socket.socket(); c.setblocking(False); c.connect_ex(s.getsockname()); waiting.append(c)
print(s.getsockname()[1], flush=True)
sys.stdin.read()
`;
  const child = spawn("python3", ["-c", program], { stdio: ["pipe", "pipe", "ignore"] });
  const failed = once(child, "error").then(() => null);
  const line = once(createInterface(child.stdout), "line").then(([text]) => Number(text));
  const port = await Promise.race([line, failed]);
  if (port === null) return null;
  return {
    port,
    close: async () => {
      const exited = once(child, "exit");
      child.stdin.end();
      await exited;
    },
  };
}
