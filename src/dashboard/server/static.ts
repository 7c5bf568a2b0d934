import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { HttpError } from "./http/problem.ts";
import { etagOf, type Reply } from "./http/reply.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

const NOT_BUILT = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Third Umpire</title></head>
<body>
<h1>The live page is not built</h1>
<p>Run <code>npm run build</code> in the folder of the project and load this page again. The API works already:
<a href="/api/v1/live">/api/v1/live</a>, described in <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p>
</body>
</html>
`;

interface Page {
  readonly file: string;
  readonly type: string;
  readonly hashed: boolean;
}

/**
 * The files of the built client. Only what a listing of the folder named is ever opened, so that no path leads out of it.
 * Files below `assets` have a hash of their content in their names and never change.
 */
export class StaticFiles {
  readonly #dir: string;
  #pages = new Map<string, Page>();
  #listedFor = Number.NaN;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** `path` as in the request. What looks like no file is a place within the page, which its script finds. */
  reply(path: string): Reply {
    this.#list();
    const asked = this.#pages.get(path);
    if (asked !== undefined) return pageReply(asked);
    if (extname(path) !== "") throw new HttpError(404, `there is no file ${path}`);
    const index = this.#pages.get("/index.html");
    if (index !== undefined) return pageReply(index);
    if (path !== "/") throw new HttpError(404, `there is nothing at ${path}`);
    return { status: 200, type: TYPES[".html"] ?? "text/html", body: NOT_BUILT, cache: "no-store" };
  }

  /** Again after another build. */
  #list(): void {
    const builtAt = statSync(join(this.#dir, "index.html"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (builtAt === this.#listedFor) return;
    this.#listedFor = builtAt;
    this.#pages = new Map();
    if (builtAt === 0 || !existsSync(this.#dir)) return;
    for (const entry of readdirSync(this.#dir, { recursive: true, withFileTypes: true })) {
      const type = TYPES[extname(entry.name)];
      if (!entry.isFile() || type === undefined) continue;
      const file = join(entry.parentPath, entry.name);
      const path = `/${relative(this.#dir, file).split(sep).join("/")}`;
      this.#pages.set(path, { file, type, hashed: path.startsWith("/assets/") });
    }
  }
}

function pageReply({ file, type, hashed }: Page): Reply {
  let body: Buffer;
  try {
    body = readFileSync(file);
  } catch (error) {
    // Between two builds.
    if (error instanceof Error && Reflect.get(error, "code") === "ENOENT") throw new HttpError(404, "the file is gone");
    throw error;
  }
  const cache = hashed ? "public, max-age=31536000, immutable" : "no-cache";
  return { status: 200, type, body, etag: etagOf(body), cache };
}
