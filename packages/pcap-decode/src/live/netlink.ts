/** Questions to the kernel over rtnetlink(7). They need no rights, and the answers are those of the process's namespace. */
import { getSystemErrorName } from "node:util";
import { SOCK_RAW, Socket, SocketError } from "@sockeye/socket-core";

/** socket(2): the family, which has no name in socket-core, and NETLINK_ROUTE. */
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;

/** struct nlmsghdr { u32 length; u16 type; u16 flags; u32 sequence; u32 port } */
const HEADER = 16;
const NLM_F_REQUEST = 0x001;
const NLM_F_DUMP = 0x300;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
/** The kernel fills its answers up to 32 KiB. */
const ANSWER = 64 * 1024;
/** Most answers that one question may have: interfaces, addresses or routes of a system. */
const MAX_ANSWERS = 100_000;

/** One message of an answer: `body` has a fixed part first, then attributes. */
interface NetlinkMessage {
  readonly type: number;
  readonly body: Buffer;
}

/** Asks for everything of a kind (`dump`), or one question; the messages that answer. Throws SocketError. */
export function askKernel(type: number, body: Uint8Array, dump: boolean): NetlinkMessage[] {
  using socket = new Socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  const request = Buffer.alloc(HEADER + body.length);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(type, 4);
  request.writeUInt16LE(NLM_F_REQUEST | (dump ? NLM_F_DUMP : 0), 6);
  request.set(body, HEADER);
  socket.trySend(request);
  const messages: NetlinkMessage[] = [];
  const buffer = Buffer.alloc(ANSWER);
  // The kernel answers while it takes the question, and goes on with a dump while it is read: nothing waits.
  while (messages.length < MAX_ANSWERS) {
    const size = socket.tryRecv(buffer);
    if (size === null || size === 0) break;
    for (let at = 0; size - at >= HEADER; ) {
      const length = buffer.readUInt32LE(at);
      const answer = buffer.readUInt16LE(at + 4);
      if (length < HEADER || length > size - at || answer === NLMSG_DONE) return messages;
      const content = Buffer.from(buffer.subarray(at + HEADER, at + length));
      if (answer === NLMSG_ERROR) {
        const errno = content.readInt32LE(0);
        if (errno === 0) return messages;
        const code = getSystemErrorName(errno);
        throw new SocketError(`netlink ${code}`, { code, errno, syscall: "netlink" });
      }
      messages.push({ type: answer, body: content });
      at += (length + 3) & ~3;
    }
    if (!dump) break;
  }
  return messages;
}

/** Attributes after the fixed part of `fixed` bytes: struct rtattr { u16 length; u16 type }, then data. */
export function attributes(body: Buffer, fixed: number): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = fixed; body.length - at >= 4; ) {
    const length = body.readUInt16LE(at);
    if (length < 4 || length > body.length - at) break;
    // The upper two bits say that it is nested or in network order.
    found.set(body.readUInt16LE(at + 2) & 0x3fff, body.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}
