/** Times as the person's own language and zone have them. */

const minute = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const withYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });

export const shortTime = (time: number): string => minute.format(time);
export const fullTime = (time: number): string => full.format(time);
export const isSameDay = (a: number, b: number): boolean => new Date(a).toDateString() === new Date(b).toDateString();

/** "Today", "Yesterday", or the date. */
export function dayName(time: number, now: number): string {
  if (isSameDay(time, now)) return "Today";
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (isSameDay(time, yesterday.getTime())) return "Yesterday";
  return new Date(time).getFullYear() === new Date(now).getFullYear() ? weekday.format(time) : withYear.format(time);
}
