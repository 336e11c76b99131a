/** Asks for a password on the terminal, without showing it. */

const ENTER = /[\r\n]/;
const BACKSPACE = "\x7f";
const CTRL_C = "\x03";
const CTRL_D = "\x04";
const CTRL_U = "\x15";

/** What was typed; undefined when Ctrl-C or Ctrl-D was. */
export function askPassword(
  question: string,
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
): Promise<string | undefined> {
  // What is typed as soon as the question stands there is not shown either.
  input.setRawMode(true);
  output.write(question);
  input.setEncoding("utf8");
  input.resume();
  return new Promise((resolve) => {
    let typed = "";
    const end = (result: string | undefined): void => {
      input.off("data", take);
      input.setRawMode(false);
      input.pause();
      output.write("\n");
      resolve(result);
    };
    const take = (text: string): void => {
      for (const character of text) {
        if (ENTER.test(character) || character === CTRL_C || character === CTRL_D) {
          end(ENTER.test(character) ? typed : undefined);
          return;
        }
        if (character === BACKSPACE || character === "\b") typed = [...typed].slice(0, -1).join("");
        else if (character === CTRL_U) typed = "";
        else if (character >= " ") typed += character;
      }
    };
    input.on("data", take);
  });
}
