/** Where a person types below and reads above: Node's line editor, which arriving lines do not break. */
import { createInterface } from "node:readline";

/** What `openScreen` takes. */
export interface ScreenOptions {
  input: NodeJS.ReadStream;
  output: NodeJS.WriteStream;
  /** A line was typed, or read from a pipe. */
  onLine(line: string): void;
  /** Ctrl-C, Ctrl-D or the end of a pipe: nothing more will be typed. */
  onEnd(interrupted: boolean): void;
  /** What could stand for the word that ends here: whole words, and the word. */
  complete(line: string): [string[], string];
}

export interface Screen {
  /** Whether somebody sits in front of it. */
  readonly terminal: boolean;
  /** Shows a line above what is being typed. */
  show(line: string): void;
  /** Says what stands before what is being typed. */
  prompt(text: string): void;
  close(): void;
}

/** A line editor in a terminal; plain lines in and out when either side is a pipe. */
export function openScreen({ input, output, onLine, onEnd, complete }: ScreenOptions): Screen {
  const terminal = input.isTTY === true && output.isTTY === true;
  const editor = createInterface({ input, ...(terminal && { output, completer: complete }), terminal, prompt: "" });
  /** The row, counted from the prompt's, where the editor believes the cursor to be. */
  const believed = editor as { prevRows?: number };
  let ended = false;
  /**
   * Tells the editor the cursor's row: of a paste it writes the characters and counts no rows, and its next redraw
   * would begin too low. Characters that end with their row leave the cursor on it until another one follows.
   */
  const settle = (): void => {
    const { rows, cols } = editor.getCursorPos();
    if (rows === (believed.prevRows ?? 0)) return;
    if (cols === 0) output.write(" \r");
    believed.prevRows = rows;
  };
  if (terminal) input.prependListener("keypress", settle);
  /** Moves to the row where the prompt begins, and clears from there on. */
  const clearPrompt = (): void => {
    settle();
    const { rows } = editor.getCursorPos();
    output.write(`${rows > 0 ? `\x1b[${rows}A` : ""}\r\x1b[J`);
    believed.prevRows = 0;
  };
  /** Takes away the line that was typed: it comes back in its place among the others. */
  const clearTyped = (line: string): void => {
    const writable = editor as { line: string; cursor: number };
    const { line: kept, cursor } = editor;
    Object.assign(writable, { line, cursor: line.length });
    const { rows } = editor.getCursorPos();
    Object.assign(writable, { line: kept, cursor });
    output.write(`\x1b[${rows + 1}A\r\x1b[J`);
  };
  const leaveTerminal = (): void => {
    if (terminal && !ended) clearPrompt();
    ended = true;
  };
  const end = (interrupted: boolean): void => {
    if (ended) return;
    leaveTerminal();
    onEnd(interrupted);
  };
  editor.on("line", (line) => {
    if (terminal && !ended) clearTyped(line);
    onLine(line);
    if (terminal && !ended) editor.prompt();
  });
  editor.on("SIGINT", () => {
    end(true);
    editor.close();
  });
  editor.on("close", () => end(false));

  return {
    terminal,
    show(line) {
      if (!terminal || ended) {
        output.write(`${line}\n`);
        return;
      }
      clearPrompt();
      output.write(`${line}\n`);
      editor.prompt(true);
    },
    prompt(text) {
      if (text === editor.getPrompt()) return;
      if (terminal && !ended) clearPrompt();
      editor.setPrompt(text);
      if (terminal && !ended) editor.prompt(true);
    },
    close() {
      leaveTerminal();
      editor.close();
    },
  };
}
