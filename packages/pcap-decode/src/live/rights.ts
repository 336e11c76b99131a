import { AF_PACKET, IPPROTO_RAW, SOCK_RAW, Socket, SocketError } from "@sockeye/socket-core";

/** A capability(7) that this needs and the process lacks. */
export class MissingCapabilityError extends Error {
  override readonly name = "MissingCapabilityError";
  readonly code = "EPERM";
  /** The capability's name, such as `"CAP_NET_RAW"`. */
  readonly capability: string;

  constructor(what: string, capability: string, cause: unknown) {
    const grant = `sudo setcap ${capability.toLowerCase()}+ep ${process.execPath}`;
    super(
      `${what} needs the capability ${capability}, which this process lacks. Run it as root, or grant it to every ` +
        `program that this Node.js runs: ${grant}`,
      { cause },
    );
    this.capability = capability;
  }
}

/** A packet socket that receives nothing before it is bound: its protocol is 0. */
export function packetSocket(type: number, what: string): Socket {
  return withRights(what, () => new Socket(AF_PACKET, type, 0));
}

/** A raw socket that takes whole packets, IP header included, raw(7). */
export function rawSocket(family: number, what: string): Socket {
  return withRights(what, () => new Socket(family, SOCK_RAW, IPPROTO_RAW));
}

/** Runs what the system refuses with EPERM to a process without CAP_NET_RAW. */
function withRights<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof SocketError && (error.code === "EPERM" || error.code === "EACCES")) {
      throw new MissingCapabilityError(what, "CAP_NET_RAW", error);
    }
    throw error;
  }
}
