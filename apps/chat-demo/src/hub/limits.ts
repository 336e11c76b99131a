/** What a peer may use of the server. Every limit has a name and a default. */
export interface Limits {
  /** People at a time; others are told that the chat is full. Default 10,000. */
  maxClients: number;
  /** The longest line from a client, in bytes; a longer one ends its connection. Default 4,096. */
  maxLineLength: number;
  /** What waits for a client that reads slowly, in bytes; more ends its connection. Default 2 MiB. */
  maxQueueBytes: number;
  /** The same in messages. Default 32,768. */
  maxQueueMessages: number;
  /** Lines a second from one client, each counted once per started 128 bytes; it is read more slowly then. Default 10,000. */
  linesPerSecond: number;
  /** So many lines may come at once before that, but not more than in a second. Default 4,000. */
  burst: number;
  /** The welcome of plain lines waits so many milliseconds for a first byte, which shows who speaks frames. Default 100. */
  greetingDelay: number;
  /** A new client is announced under the name and in the room that it chooses within so many milliseconds. Default 300. */
  announceDelay: number;
  /** Milliseconds in which a browser or a program must have said hello. Default 10,000. */
  handshakeTimeout: number;
  /** Milliseconds in which a person must have typed the password. Default 60,000. */
  passwordTimeout: number;
  /** A browser that has not answered for so many milliseconds is gone. Default 30,000. */
  pingInterval: number;
  /** Messages that are kept; the oldest go first. Default 100,000. */
  maxHistory: number;
  /** The same in characters of text, for a history in memory. Default 16 Mi. */
  maxHistorySize: number;
  /** Days that messages are kept. Default 365. */
  historyDays: number;
  /** Messages that a client is told when it comes back after it missed some; more are a gap to be asked for. Default 5,000. */
  catchUp: number;
  /** Messages that wait for NATS; more are refused. Default 10,000. */
  maxPending: number;
  /** Milliseconds in which a dropped client may still read why. Default 30,000. */
  dropTimeout: number;
  /** Milliseconds in which clients can read the goodbye when the server closes. Default 1,000. */
  closeTimeout: number;
}

export const defaultLimits: Readonly<Limits> = {
  maxClients: 10_000,
  maxLineLength: 4_096,
  maxQueueBytes: 2 * 1024 * 1024,
  maxQueueMessages: 32_768,
  linesPerSecond: 10_000,
  burst: 4_000,
  greetingDelay: 100,
  announceDelay: 300,
  handshakeTimeout: 10_000,
  passwordTimeout: 60_000,
  pingInterval: 30_000,
  maxHistory: 100_000,
  maxHistorySize: 16 * 1024 * 1024,
  historyDays: 365,
  catchUp: 5_000,
  maxPending: 10_000,
  dropTimeout: 30_000,
  closeTimeout: 1_000,
};
