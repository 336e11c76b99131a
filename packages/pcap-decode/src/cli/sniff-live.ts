/** The entry point that needs socket-core. It is an optional peer, so it is asked for only by what captures. */
export async function loadLive(): Promise<typeof import("../live/index.ts")> {
  try {
    return await import("../live/index.ts");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" || !message.includes("@sockeye/socket-core")) throw error;
    throw new Error("this needs @sockeye/socket-core: npm install @sockeye/socket-core", { cause: error });
  }
}
