/** Certificates for tests, made by openssl. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Whether openssl is there. */
export const hasOpenssl: boolean = spawnSync("openssl", ["version"]).status === 0;

/** A key and its certificate, as text and as files. */
interface Identity {
  key: string;
  cert: string;
  keyFile: string;
  certFile: string;
}

/** An authority, and who has a certificate from it. */
export interface Certificates {
  ca: string;
  caFile: string;
  /** For localhost and 127.0.0.1. */
  server: Identity;
  client: Identity;
  /** Signed by itself, for localhost. */
  stranger: Identity;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes them, for the tests of one file. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "certificates-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string): string => join(folder, name);

  function openssl(...args: string[]): void {
    const { status, stderr } = spawnSync("openssl", args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr}`);
  }

  function identity(name: string, make: (keyFile: string, certFile: string) => void): Identity {
    const keyFile = file(`${name}.key`);
    const certFile = file(`${name}.pem`);
    make(keyFile, certFile);
    return { keyFile, certFile, key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
  }

  function selfSigned(name: string, subject: string): Identity {
    return identity(name, (key, cert) => {
      const names = ["-addext", "subjectAltName=DNS:localhost"];
      openssl("req", "-x509", ...KEY, "-keyout", key, "-out", cert, "-days", "2", "-subj", subject, ...names);
    });
  }

  const ca = selfSigned("ca", "/CN=Test authority");
  function signed(name: string, extension: string): Identity {
    return identity(name, (key, cert) => {
      const extensions = file(`${name}.ext`);
      writeFileSync(extensions, `${extension}\n`);
      openssl("req", ...KEY, "-keyout", key, "-out", file(`${name}.csr`), "-subj", `/CN=${name}`);
      const by = ["-CA", ca.certFile, "-CAkey", ca.keyFile, "-CAcreateserial", "-extfile", extensions];
      openssl("x509", "-req", "-in", file(`${name}.csr`), ...by, "-out", cert, "-days", "2");
    });
  }

  return {
    ca: ca.cert,
    caFile: ca.certFile,
    server: signed("server", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
    client: signed("client", "extendedKeyUsage=clientAuth"),
    stranger: selfSigned("stranger", "/CN=localhost"),
  };
}
