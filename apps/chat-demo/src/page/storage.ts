/** What this browser keeps between visits. Where it may keep nothing, the page works all the same. */

type Name = "nick" | "room" | "theme";

export function recall(name: Name): string | undefined {
  try {
    return localStorage.getItem(`chat-${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(name: Name, value: string): void {
  try {
    localStorage.setItem(`chat-${name}`, value);
  } catch {
    // Private windows and blocked storage: then not.
  }
}
