/** Text of others without what could steer a terminal: controls but line ends and tabs, and marks of direction. */
export function printable(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, "\ufffd");
}

/** JSON of what others say, which is the same value and cannot steer a terminal either: `JSON.stringify` leaves some controls. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(/\p{C}/gu, (character) =>
    character.replace(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}
