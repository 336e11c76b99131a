/** Elements, made and found. Text only ever enters as text. */

/** A new element with attributes, properties starting with "on", and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The element of the page with an id. */
export function find<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no element #${id}`);
  return element as T;
}

/** Sets text only where it changes: the list does this for every cell that scrolls by. */
export function setText(element: HTMLElement, text: string): void {
  if (element.firstChild === null || element.textContent !== text) element.textContent = text;
}
