import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** A certificate for localhost that signs itself, with its key, as files below `dir`; good for a day. */
export async function selfSigned(dir: string): Promise<{ readonly key: string; readonly cert: string }> {
  const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const form = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  await promisify(execFile)("openssl", [...form, ...name, "-keyout", key, "-out", cert]);
  return { key, cert };
}
