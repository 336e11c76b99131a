import { accept } from "./accept.mjs";
import { idleConnections } from "./idle-connections.mjs";
import { lines } from "./lines.mjs";
import { tcpEcho } from "./tcp-echo.mjs";

/** Every subject, in the order in which they run. */
export const subjects = [tcpEcho, lines, accept, idleConnections];
