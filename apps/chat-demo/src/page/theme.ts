/** Light or dark: as the system has it, until somebody chooses. */
import { h, icon } from "./dom.ts";
import { recall, remember } from "./storage.ts";

type Theme = "light" | "dark";

const sun = [
  "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 1 0 0-7Z",
  "M10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1",
];
const moon = ["M16.5 11.8A6.9 6.9 0 0 1 8.2 3.5a6.9 6.9 0 1 0 8.3 8.3Z"];

const system = (): Theme => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

/** Applies what was chosen before; without it the page follows the system. */
export function applyTheme(): void {
  const chosen = recall("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}

/** A button that changes to the other theme and says which one that is. */
export function themeButton(): HTMLButtonElement {
  const button = h("button", { type: "button", class: "button quiet" });
  const current = (): Theme => (document.documentElement.dataset.theme as Theme | undefined) ?? system();
  const show = (): void => {
    const other = current() === "dark" ? "light" : "dark";
    button.replaceChildren(icon(...(other === "light" ? sun : moon)));
    button.setAttribute("aria-label", `Change to the ${other} theme`);
    button.title = `Change to the ${other} theme`;
  };
  button.addEventListener("click", () => {
    const other = current() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = other;
    remember("theme", other);
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
  return button;
}
