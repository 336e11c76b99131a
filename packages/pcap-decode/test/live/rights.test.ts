import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { startModule } from "./child.ts";
import { isRoot } from "./namespace.ts";

const hasSetpriv = spawnSync("setpriv", ["--version"]).error === undefined;

test.skipIf(!isRoot || !hasSetpriv)(
  "without CAP_NET_RAW the error names it and tells how to grant it, needs root and setpriv",
  async () => {
    const child = await startModule(
      `
      console.log(live.interfaces().some(({ name }) => name === "lo"));
      try {
        live.sniff({ interface: "lo" });
      } catch (error) {
        console.log(error instanceof live.MissingCapabilityError, error.code, error.capability, error.cause.code);
        console.log(error.message);
      }`,
      ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"],
    );
    const { stdout, stderr } = await child.ended;
    expect(stderr).toBe("");
    expect(stdout.split("\n")).toEqual([
      "true",
      "true EPERM CAP_NET_RAW EPERM",
      "Capturing packets needs the capability CAP_NET_RAW, which this process lacks. Run it as root, or grant it to " +
        `every program that this Node.js runs: sudo setcap cap_net_raw+ep ${process.execPath}`,
      "",
    ]);
  },
);
