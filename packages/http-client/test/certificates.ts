import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** An authority, a server for localhost, one for another name, and a client; made by openssl for each run. */
export interface Certificates {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly otherCert: string;
  readonly otherKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
  /** Where each of them lies: `ca.pem`, `server.pem`, `server.key`, `client.pem`, `client.key` … */
  readonly folder: string;
}

export function makeCertificates(folder: string): Certificates {
  const openssl = (...args: string[]): void =>
    void execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "2",
    "-subj",
    "/CN=Test CA",
    "-addext",
    "keyUsage=critical,keyCertSign,cRLSign",
  );
  for (const [name, names] of [
    ["server", "DNS:localhost,IP:127.0.0.1,IP:::1"],
    ["other", "DNS:other.example"],
    ["client", "DNS:client.example"],
  ] as const) {
    writeFileSync(join(folder, "ext"), `subjectAltName=${names}\nbasicConstraints=CA:FALSE\n`);
    openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "2",
      "-extfile",
      "ext",
      "-out",
      `${name}.pem`,
    );
  }
  const read = (file: string): string => readFileSync(join(folder, file), "utf8");
  return {
    ca: read("ca.pem"),
    serverCert: read("server.pem"),
    serverKey: read("server.key"),
    otherCert: read("other.pem"),
    otherKey: read("other.key"),
    clientCert: read("client.pem"),
    clientKey: read("client.key"),
    folder,
  };
}
