import { accept } from "./accept.mjs";
import { chatFanout } from "./chat-fanout.mjs";
import { idleConnections } from "./idle-connections.mjs";
import { lines } from "./lines.mjs";
import { tcpEcho } from "./tcp-echo.mjs";
import { udpReceive } from "./udp-receive.mjs";
import { udpSend } from "./udp-send.mjs";

/** Every subject, in the order in which they run. */
export const subjects = [tcpEcho, lines, accept, idleConnections, udpSend, udpReceive, chatFanout];
