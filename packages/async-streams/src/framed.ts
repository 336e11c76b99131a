/** A connection seen through a codec. */
import type { WaitOptions } from "@sockeye/socket-core";
import { checkFunction, typeError } from "./check.ts";
import type { Codec } from "./codecs/codec.ts";
import type { Reader } from "./reader.ts";
import { rejected, type Writer } from "./writer.ts";

/** Items in both directions. */
export interface Framed<In, Out = In> extends AsyncIterable<In> {
  /**
   * Writes one item; flow control and errors are those of `Writer.write`, and the promise may be dropped likewise.
   * Rejects also with what `encode` throws; nothing is written then.
   */
  send(item: Out, options?: WaitOptions): Promise<void>;
  /** The next item, or `null` at the end. Rejects with what `decode` throws, IncompleteReadError, or as reads do. */
  receive(options?: WaitOptions): Promise<In | null>;
}

/**
 * Reads and writes items of a codec over a connection, or over any reader and writer. It holds no bytes itself, so
 * another codec, or the reader, may go on where it stopped.
 */
export function framed<In, Out>(
  connection: { readonly reader: Reader; readonly writer: Writer },
  codec: Codec<In, Out>,
): Framed<In, Out> {
  if (!connection?.reader || !connection.writer) throw typeError("connection", "a reader and a writer", connection);
  const { reader, writer } = connection;
  checkFunction("codec.decode", codec?.decode);
  checkFunction("codec.encode", codec.encode);
  const decode = codec.decode.bind(codec);
  const receive = (options?: WaitOptions): Promise<In | null> => reader.decode(decode, options);
  return {
    send(item, options) {
      try {
        return writer.write(codec.encode(item), options);
      } catch (error) {
        return rejected(error);
      }
    },
    receive,
    [Symbol.asyncIterator]: () => ({
      async next(): Promise<IteratorResult<In, undefined>> {
        const item = await receive();
        return item === null ? { value: undefined, done: true } : { value: item, done: false };
      },
    }),
  };
}
