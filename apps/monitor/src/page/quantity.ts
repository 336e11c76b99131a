/** Numbers for people. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** `1,234,567`. */
export function count(value: number): string {
  return whole.format(value);
}

/** Three digits and a unit: `1.23 MB`; `step` is 1000, or 1024 for memory. */
function scaled(value: number, units: readonly string[], step = 1000): string {
  let rest = value;
  let i = 0;
  while (Math.abs(rest) >= step * 0.9995 && i < units.length - 1) {
    rest /= step;
    i++;
  }
  const digits = i === 0 || rest >= 99.95 ? 0 : rest >= 9.995 ? 1 : 2;
  return `${rest.toFixed(digits)} ${units[i]}`;
}

/** `1.23 MB`. */
export function bytes(value: number): string {
  return scaled(value, ["B", "kB", "MB", "GB", "TB"]);
}

/** `96 MiB`. */
export function memory(value: number): string {
  return scaled(value, ["B", "KiB", "MiB", "GiB"], 1024);
}

/** `1.23 Mbit/s`. */
export function bitRate(value: number): string {
  return scaled(value, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"]);
}

/** `48.2 k/s`. */
export function packetRate(value: number): string {
  return value < 1000 ? `${value < 10 ? value.toFixed(1) : Math.round(value)} /s` : scaled(value, ["/s", "k/s", "M/s"]);
}

/** `12.3 %`. */
export function share(part: number, all: number): string {
  const percent = all === 0 ? 0 : (100 * part) / all;
  return `${percent >= 9.95 || percent === 0 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}
