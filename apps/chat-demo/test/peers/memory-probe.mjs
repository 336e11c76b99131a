// Loaded into the server with --import: answers "memory" over IPC with what is in use after garbage collection.
process.on("message", async () => {
  // What finalizers let go of is garbage of the next turn.
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
  process.send(process.memoryUsage());
});
process.channel.unref();
