/** Text of others without what could steer a terminal: controls but line ends and tabs, and marks of direction. */
export function printable(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, "\ufffd");
}
