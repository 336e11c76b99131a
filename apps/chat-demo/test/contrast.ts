/** How well text can be read on the page: WCAG 2.2's contrast, from the colours that Chromium computed. */
import type { Page } from "playwright-core";

/** Text whose contrast is too low. */
export interface Faint {
  readonly text: string;
  readonly element: string;
  readonly contrast: number;
}

/** In the page: every colour becomes four bytes by way of a canvas, whatever notation it has. */
const program = `(least) => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const bytes = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((value, i) => (value * a + under[i] * (255 - a)) / 255);
  const ground = (element) => {
    if (element === null) return [255, 255, 255];
    const color = bytes(getComputedStyle(element).backgroundColor);
    return color[3] === 255 ? color.slice(0, 3) : over(color, ground(element.parentElement));
  };
  const luminance = (color) => {
    const [r, g, b] = color.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint = [];
  let seen = 0;
  const check = (element, text, color) => {
    const under = ground(element);
    const [light, dark] = [luminance(over(bytes(color), under)), luminance(under)].sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    seen++;
    if (contrast < least) faint.push({ text: text.slice(0, 40), element: element.className || element.tagName, contrast });
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    const { width, height } = element.getBoundingClientRect();
    if (node.data.trim() === "" || width <= 1 || height <= 1 || element.closest("[hidden], noscript, .side-time")) continue;
    check(element, node.data, getComputedStyle(element).color);
  }
  for (const field of document.querySelectorAll("input, textarea")) {
    if (field.getBoundingClientRect().width > 0) check(field, field.placeholder, getComputedStyle(field, "::placeholder").color);
  }
  return { faint, seen };
}`;

/** Every visible text whose contrast is less than `least`, and how many were looked at. */
export function faintTexts(page: Page, least = 4.5): Promise<{ faint: Faint[]; seen: number }> {
  return page.evaluate(`(${program})(${least})`);
}
