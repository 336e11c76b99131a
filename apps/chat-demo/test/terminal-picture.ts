/** A terminal's screen as a page, for a picture of it. */

/** The colours of SGR 30 to 37 and 90 to 97 (ECMA-48, section 8.3.117) on a dark ground. */
const palette = ["#5c6370", "#ff8a80", "#8fd19e", "#e5c07b", "#7fb4ff", "#e6a3e0", "#72d5d5", "#d7dae0"];
const bright = ["#7f848e", "#ffb3ad", "#b5e8c0", "#f2d9a0", "#a8ccff", "#f2c6ee", "#a6ecec", "#ffffff"];

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const escapeHTML = (text: string): string => text.replace(/[&<>]/g, (character) => escapes[character]!);

interface Style {
  color: string | undefined;
  bold: boolean;
  dim: boolean;
}

function apply(style: Style, code: number): Style {
  if (code === 0) return { color: undefined, bold: false, dim: false };
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 39) return { ...style, color: undefined };
  if (code >= 30 && code <= 37) return { ...style, color: palette[code - 30] };
  if (code >= 90 && code <= 97) return { ...style, color: bright[code - 90] };
  return style;
}

/** The screen with its colours, as tmux captures it, in a window with a title. */
export function terminalPage(screen: string, title: string, columns: number, cursor: string): string {
  let style: Style = { color: undefined, bold: false, dim: false };
  let html = "";
  for (const [i, run] of screen.split("\x1b[").entries()) {
    // What follows the introducer up to an "m" changes the style of the rest.
    const end = i === 0 ? -1 : run.indexOf("m");
    if (end >= 0) for (const code of (run.slice(0, end) || "0").split(";")) style = apply(style, Number(code));
    const part = run.slice(end + 1);
    if (part !== "") {
      const css = [
        style.color && `color:${style.color}`,
        style.bold && "font-weight:700",
        style.dim && "opacity:.62",
      ].filter(Boolean);
      html += `<span style="${css.join(";")}">${escapeHTML(part)}</span>`;
    }
  }
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; padding: 20px; background: #e9e6e0; width: max-content; }
    .window { border-radius: 10px; overflow: hidden; background: #14161a; box-shadow: 0 10px 30px rgb(0 0 0 / 25%); }
    .title { padding: 9px 14px; background: #22262c; color: #a3a9b2; font: 600 13px Inter, sans-serif; display: flex; gap: 7px; align-items: center; }
    .title i { width: 11px; height: 11px; border-radius: 50%; background: #3b4149; } .title b { margin-left: 8px; font-weight: 600; }
    pre { margin: 0; padding: 14px 18px 18px; width: ${columns}ch; color: #e7e8ea; font: 14px/1.5 "Noto Mono", "DejaVu Sans Mono", monospace; }
    .cursor { background: #e7e8ea; color: #14161a; }
  </style><div class="window"><div class="title"><i></i><i></i><i></i><b>${escapeHTML(title)}</b></div><pre>${html}<span class="cursor">${escapeHTML(cursor)}</span></pre></div>`;
}
