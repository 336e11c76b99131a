// The chat of apps/chat-demo, told to print the port of one of its transports: `lines` or `websocket`.
const [, , transport] = process.argv;
const say = console.log;
console.log = (banner) => {
  const port =
    transport === "lines" ? /on 127\.0\.0\.1:(\d+)/.exec(banner) : /http:\/\/127\.0\.0\.1:(\d+)/.exec(banner);
  if (port) say(port[1]);
};
const limits = ["handshakeTimeout=120000", "pingInterval=600000", "maxHistory=1000"];
const flags = ["--port", "0", "--web-port", "0", "--history", "memory", "--weather", "off", "--no-wire"];
process.argv.splice(2, 1, "serve", ...flags, "--limit", ...limits);
await import("../../chat-demo/dist/cli.js");
