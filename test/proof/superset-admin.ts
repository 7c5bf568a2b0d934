/** Superset's API with a login: by form and cookie, as a browser. (A token would be ignored wherever visitors may read.) */
export class AdminSession {
  readonly #base: string;
  #cookies: ReadonlyMap<string, string> = new Map();

  private constructor(base: string) {
    this.#base = base;
  }

  static async login(base: string, username: string, password: string): Promise<AdminSession> {
    const session = new AdminSession(base);
    const page = await session.#fetch("/login/");
    const token = /name="csrf_token"[^>]*value="([^"]+)"|csrf_token&#34;: &#34;([^&]+)&#34;/u.exec(await page.text());
    const csrf = token?.[1] ?? token?.[2] ?? (await session.#csrf());
    const answer = await session.#fetch("/login/", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", referer: `${base}/login/` },
      body: new URLSearchParams({ username, password, csrf_token: csrf }),
      redirect: "manual",
    });
    if (answer.status !== 302 || (answer.headers.get("location") ?? "").includes("login"))
      throw new Error(`the login failed: ${answer.status} to ${answer.headers.get("location")}`);
    return session;
  }

  /** Throws nothing: what was refused is looked at by the caller. */
  async send(method: string, path: string, body: object): Promise<{ status: number; text: string }> {
    const answer = await this.#fetch(path, {
      method,
      headers: { "content-type": "application/json", "x-csrftoken": await this.#csrf(), referer: this.#base },
      body: JSON.stringify(body),
    });
    return { status: answer.status, text: await answer.text() };
  }

  /** The id that Superset gave to the object of a uuid. */
  async idOf(kind: "database", uuid: string): Promise<number> {
    const answer = await this.#fetch(`/api/v1/${kind}/?q=(page_size:100)`);
    const { result } = (await answer.json()) as { result: { id: number; uuid: string }[] };
    const found = result.find((each) => each.uuid === uuid);
    if (found === undefined) throw new Error(`there is no ${kind} ${uuid}`);
    return found.id;
  }

  async #csrf(): Promise<string> {
    const answer = await this.#fetch("/api/v1/security/csrf_token/");
    return ((await answer.json()) as { result: string }).result;
  }

  async #fetch(path: string, options: RequestInit = {}): Promise<Response> {
    const headers = new Headers(options.headers);
    headers.set("cookie", [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    const answer = await fetch(`${this.#base}${path}`, { ...options, headers });
    const set = answer.headers.getSetCookie().map((line) => /^([^=]+)=([^;]*)/u.exec(line));
    this.#cookies = new Map([
      ...this.#cookies,
      ...set.flatMap((each) => (each === null ? [] : [[each[1] ?? "", each[2] ?? ""] as const])),
    ]);
    return answer;
  }
}
