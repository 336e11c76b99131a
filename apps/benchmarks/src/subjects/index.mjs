import { accept } from "./accept.mjs";
import { capture } from "./capture.mjs";
import { chatFanout } from "./chat-fanout.mjs";
import { flows } from "./flows.mjs";
import { httpClient } from "./http-client.mjs";
import { idleConnections } from "./idle-connections.mjs";
import { imports } from "./import.mjs";
import { lines } from "./lines.mjs";
import { pcapFilter } from "./pcap-filter.mjs";
import { pcapRead } from "./pcap-read.mjs";
import { tcpBulk } from "./tcp-bulk.mjs";
import { tcpEcho } from "./tcp-echo.mjs";
import { udpReceive } from "./udp-receive.mjs";
import { udpSend } from "./udp-send.mjs";

/** Every subject, in the order in which they run. */
export const subjects = [
  tcpEcho,
  tcpBulk,
  lines,
  accept,
  idleConnections,
  udpSend,
  udpReceive,
  httpClient,
  pcapRead,
  pcapFilter,
  flows,
  capture,
  chatFanout,
  imports,
];
