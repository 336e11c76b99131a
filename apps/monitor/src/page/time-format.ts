/** Times of packets as text. */

export const TIME_FORMATS = {
  relative: "Seconds since start",
  delta: "Seconds since previous",
  clock: "Time of day",
  utc: "Date and time, UTC",
  epoch: "Seconds since 1970",
} as const;

export type TimeFormat = keyof typeof TIME_FORMATS;

/** A moment: whole seconds since 1970 and nanoseconds. */
export interface Moment {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** The text of a time; `start` is the first packet's, `delta` the seconds since the one before. */
export function formatTime(format: TimeFormat, time: Moment, start: Moment, delta: number): string {
  switch (format) {
    case "relative":
      return (time.seconds - start.seconds + (time.nanoseconds - start.nanoseconds) / 1e9).toFixed(6);
    case "delta":
      return delta.toFixed(6);
    case "epoch":
      return `${time.seconds}.${fraction(time, 6)}`;
    case "clock": {
      const date = new Date(time.seconds * 1000);
      if (Number.isNaN(date.getTime())) return `${time.seconds}.${fraction(time, 6)}`;
      const two = (n: number) => String(n).padStart(2, "0");
      return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${fraction(time, 6)}`;
    }
    case "utc": {
      const date = new Date(time.seconds * 1000);
      if (Number.isNaN(date.getTime())) return `${time.seconds}.${fraction(time, 6)}`;
      return `${date.toISOString().slice(0, 19).replace("T", " ")}.${fraction(time, 6)}`;
    }
  }
}

function fraction({ nanoseconds }: Moment, digits: number): string {
  return String(nanoseconds).padStart(9, "0").slice(0, digits);
}
