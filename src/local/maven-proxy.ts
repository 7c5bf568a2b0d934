/**
 * Maven knows proxies from its settings only, and not from the environment as everything else does. A file of global settings, made of
 * the environment, is put beside the user's own, which win.
 */

/** The settings, or null without a proxy. `HTTPS_PROXY`, else `HTTP_PROXY`; `NO_PROXY`; in either case of letters. */
export function mavenProxySettings(env: Readonly<Record<string, string | undefined>>): string | null {
  const value = (name: string): string => env[name.toLowerCase()] || env[name] || "";
  const given = value("HTTPS_PROXY") || value("HTTP_PROXY");
  if (given === "") return null;
  const text = /^\w+:\/\//u.test(given) ? given : `http://${given}`;
  if (!URL.canParse(text)) return null;
  const { hostname, port, protocol, username, password } = new URL(text);
  const login =
    username === ""
      ? ""
      : `<username>${xml(decodeURIComponent(username))}</username><password>${xml(decodeURIComponent(password))}</password>`;
  return `<settings><proxies><proxy><id>environment</id><active>true</active><protocol>http</protocol>
<host>${xml(hostname)}</host><port>${port || (protocol === "https:" ? "443" : "80")}</port>${login}
<nonProxyHosts>${xml(nonProxyHosts(value("NO_PROXY")))}</nonProxyHosts></proxy></proxies></settings>
`;
}

/** `a.b,.c.d` → `a.b|*.a.b|*.c.d`: a name in NO_PROXY also means the names below it. */
function nonProxyHosts(list: string): string {
  return list
    .split(/[\s,]+/u)
    .filter((host) => host !== "")
    .flatMap((host) => (host === "*" ? ["*"] : host.startsWith(".") ? [`*${host}`] : [host, `*.${host}`]))
    .join("|");
}

function xml(text: string): string {
  return text.replaceAll(/[&<>"']/gu, (sign) => `&#${sign.charCodeAt(0)};`);
}
