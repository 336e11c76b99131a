export { Packet } from "./packet.ts";
