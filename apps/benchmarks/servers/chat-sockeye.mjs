import { startChat } from "@sockeye/chat-demo";

// The chat of this repository as `npm start` runs it, its history in memory. With "web" its page's WebSocket is what is used.
// The load does not answer pings while nobody speaks.
const limits = { pingInterval: 600_000 };
const web = process.argv[2] === "web";
const chat = await startChat({ address: "127.0.0.1", port: 0, webPort: web ? 0 : undefined, limits });
console.log(web ? chat.webPort : chat.address.port);
