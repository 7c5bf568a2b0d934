/** What an endpoint serves. */
export interface LambdaFunction {
  readonly name: string;
  readonly region: string;
  /** Module of the handler, absolute, and the name it is exported by. */
  readonly module: string;
  readonly handler: string;
  /** Added to what Lambda itself sets. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** Environments at the same time: one more invocation than that is throttled. */
  readonly concurrency: number;
}

/** There is no account here; AWS never gives this number out. */
const ACCOUNT = "000000000000";

export function arnOf(fn: LambdaFunction): string {
  return `arn:aws:lambda:${fn.region}:${ACCOUNT}:function:${fn.name}`;
}

const REFERENCE =
  /^(?:arn:aws:lambda:(?<region>[a-z0-9-]+):)?(?:(?<account>\d{12}):)?(?:function:)?(?<name>[A-Za-z0-9_-]+)(?::(?<qualifier>[A-Za-z0-9$_-]+))?$/u;
/** Nothing is ever published here: what there is has the name of the latest version. */
const LATEST = "$LATEST";

/**
 * Whether `reference` (a name, an ARN, a partial ARN, each with or without a qualifier) means `fn`. `qualifier` is that of the query.
 * `live` is the alias under which the function is deployed.
 */
export function means(fn: LambdaFunction, reference: string, qualifier: string | null): boolean {
  const groups = REFERENCE.exec(reference)?.groups;
  if (groups === undefined || groups["name"] !== fn.name) return false;
  if (groups["region"] !== undefined && groups["region"] !== fn.region) return false;
  const wanted = qualifier ?? groups["qualifier"] ?? LATEST;
  return wanted === LATEST || wanted === "live";
}
