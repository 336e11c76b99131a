import { escapeText } from "../format/escape.ts";
import { DNSType } from "../layers/dns.ts";
import { DNSTracker, type DNSTransaction } from "../streams/dns-tracker.ts";
import { endpointText } from "../streams/endpoint.ts";
import { type CommonOptions, type SelectOptions, Session } from "./session.ts";

/** Options of `dns`. */
export interface DNSCommandOptions extends CommonOptions, SelectOptions {
  readonly json?: boolean;
}

const typeNames = new Map<number, string>(Object.entries(DNSType).map(([name, type]) => [type, name]));
const rcodes = [
  "NOERROR",
  "FORMERR",
  "SERVFAIL",
  "NXDOMAIN",
  "NOTIMP",
  "REFUSED",
  "YXDOMAIN",
  "YXRRSET",
  "NXRRSET",
  "NOTAUTH",
  "NOTZONE",
];

/** Prints the DNS queries of a capture with their answers, one a line. */
export async function dns(path: string, options: DNSCommandOptions): Promise<number> {
  const session = new Session(options);
  const done: DNSTransaction[] = [];
  const tracker = new DNSTracker((transaction) => void done.push(transaction));
  const print = async () => {
    for (const each of done.splice(0))
      await session.out.line(options.json ? JSON.stringify(plain(each)) : line(session, each));
  };
  await session.each(session.open(path, options), options, (packet) => {
    tracker.add(packet);
    return done.length > 0 ? print() : undefined;
  });
  tracker.finish();
  await print();
  await session.out.flush();
  return session.exitCode;
}

function line(
  { paint }: Session,
  { client, server, query, response, questions, latency, transport, retransmissions }: DNSTransaction,
): string {
  const asked = questions.map(({ name, type }) => `${typeNames.get(type) ?? `TYPE${type}`} ${name}`).join(", ");
  const rcode = response === undefined ? undefined : (rcodes[response.rcode] ?? String(response.rcode));
  const answers = (response?.answers ?? []).map(({ name: _n, type: _t, class: _c, ttl: _l, ...data }) =>
    Object.values(data).flat().join(" "),
  );
  const outcome =
    rcode === undefined
      ? paint.yellow("no answer")
      : rcode === "NOERROR"
        ? paint.green(answers.length > 0 ? escapeText(answers.join(", ")) : "nothing")
        : paint.red(rcode);
  const notes = [
    transport === "tcp" ? "TCP" : "",
    retransmissions > 0 ? `asked ${retransmissions + 1} times` : "",
    query === undefined ? "no query" : "",
    latency === undefined ? "" : `${(latency * 1000).toFixed(1)} ms`,
  ].filter(Boolean);
  const time = (query ?? response)!.time.toISOString();
  return `${paint.dim(time)} ${endpointText(client)} > ${endpointText(server)} ${paint.bold(escapeText(asked))} ${outcome}${notes.length > 0 ? ` ${paint.dim(`(${notes.join(", ")})`)}` : ""}`;
}

function plain({
  client,
  server,
  transport,
  query,
  response,
  questions,
  latency,
  retransmissions,
}: DNSTransaction): object {
  return {
    time: (query ?? response)!.time.toString(),
    client,
    server,
    transport,
    id: (query ?? response)!.id,
    questions,
    answered: response !== undefined,
    rcode: response?.rcode,
    answers: response?.answers,
    latency,
    retransmissions,
  };
}
