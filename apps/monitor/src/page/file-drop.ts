/** Opening a file by the button or by dropping it anywhere. The file is read here, and sent nowhere. */
import { find } from "./dom.ts";

export function acceptFiles(opened: (file: File) => void): void {
  const input = find<HTMLInputElement>("file");
  const veil = find("drop");
  find("open").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file !== undefined) opened(file);
    // The same file may be chosen again.
    input.value = "";
  });
  let depth = 0;
  const show = (change: number): void => {
    depth = Math.max(0, depth + change);
    veil.hidden = depth === 0;
  };
  document.addEventListener("dragenter", (event) => {
    event.preventDefault();
    show(1);
  });
  document.addEventListener("dragleave", () => show(-1));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    show(-depth);
    const file = event.dataTransfer?.files[0];
    if (file !== undefined) opened(file);
  });
}
