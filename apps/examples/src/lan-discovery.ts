/**
 * Who else on the local network runs this? Each says hello to a multicast group, and is answered by all who are there.
 * A third argument is the interface; without it the system chooses.
 *
 * Usage: lan-discovery [PORT=9998] [NAME] [INTERFACE]
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { bind, type Endpoint } from "@sockeye/udp";
import { portArgument } from "./terminal/port.ts";

const port = portArgument(process.argv[2], 9998);
const name = process.argv[3] ?? hostname();
const device = process.argv[4];

const address = "239.255.70.83";
const id = randomUUID();

// Several programs of one machine share the group's port, so answers go to a socket of one's own.
const group = await bind({ port }, { reuseAddress: true });
const own = await bind({ port: 0 });
group.multicast.join(address, device);
if (device !== undefined) own.multicast.setInterface(device);
console.log("Listening on", group.address, "as", name);

const everybody = { address, port: "port" in group.address ? group.address.port : port };
const say = (what: string, to = everybody): Promise<void> => own.send(`${what} ${id} ${name}`, to);

async function listen(endpoint: Endpoint): Promise<void> {
  for await (const { data, from } of endpoint) {
    // Anybody can send anything: what does not fit is passed over, and nothing reaches the terminal that could steer it.
    const [, what, whose, who] = /^(hello|here|bye) ([0-9a-f-]{36}) ([ -~]{1,60})$/.exec(data.toString()) ?? [];
    if (what === undefined || whose === id || !("port" in from)) continue;
    console.log(`${who} ${what === "bye" ? "has left" : "is here"} (${from.address}:${from.port})`);
    if (what === "hello") void say("here", from);
  }
}

process.on("SIGINT", async () => {
  await say("bye").catch(() => {});
  await Promise.all([own.close(), group.close()]);
});

await say("hello");
await Promise.all([listen(group), listen(own)]);
