import { defineLayer } from "../layer.ts";
import { restText } from "./content.ts";

function priority(text: string): number | undefined {
  const match = /^<(\d{1,3})>/.exec(text);
  return match === null ? undefined : Number(match[1]);
}

/** A syslog message (RFC 3164, RFC 5424). */
export const Syslog = defineLayer({
  name: "Syslog",
  fields: { message: restText() },
  derive: {
    /** 0 kernel to 23 local7. */
    facility: (view) => (priority(view.message) === undefined ? undefined : priority(view.message)! >> 3),
    /** 0 emergency to 7 debug. */
    severity: (view) => (priority(view.message) === undefined ? undefined : priority(view.message)! & 7),
  },
  summary: (view) => view.message.slice(0, 100),
});
