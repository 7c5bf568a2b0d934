/** Errors of the AWS clients, named by the reaction they ask for. */
import { FatalError, RetryableError } from "../domain/errors.ts";

interface AwsError extends Error {
  readonly code?: string;
  readonly $retryable?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const CREDENTIALS = "aws configure, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in .env";

/** By the name that the service or the client gives its error. */
const FATAL: Readonly<Record<string, { readonly what: string; readonly remedy: string }>> = {
  CredentialsProviderError: { what: "there are no AWS credentials", remedy: CREDENTIALS },
  UnrecognizedClientException: { what: "AWS does not know these credentials", remedy: CREDENTIALS },
  InvalidAccessKeyId: { what: "AWS does not know these credentials", remedy: CREDENTIALS },
  InvalidSignatureException: { what: "AWS refuses the secret of these credentials", remedy: CREDENTIALS },
  SignatureDoesNotMatch: { what: "AWS refuses the secret of these credentials", remedy: CREDENTIALS },
  MissingAuthenticationTokenException: { what: "AWS got no credentials", remedy: CREDENTIALS },
  ExpiredTokenException: {
    what: "the AWS credentials have expired",
    remedy: "sign in again (aws sso login), then start again",
  },
  ExpiredToken: { what: "the AWS credentials have expired", remedy: "sign in again (aws sso login), then start again" },
  NoSuchBucket: {
    what: "the bucket does not exist",
    remedy: "correct TU_OBJECT_STORE, or create it: just infra-apply",
  },
  PermanentRedirect: { what: "the bucket is in another region", remedy: "correct TU_LAMBDA_REGION" },
};

const DENIED = new Set(["AccessDeniedException", "AccessDenied", "Forbidden", "AuthorizationError"]);
/** System errors that pass: the disk may be emptied, the network come back. */
const PASSING = new Set(["ENOSPC", "EDQUOT", "EIO", "EAGAIN", "EMFILE", "ENFILE"]);
const FORBIDDING = new Set(["EACCES", "EPERM", "EROFS", "EISDIR", "ENOTDIR"]);

/**
 * @param doing what was tried, e.g. "calling the function x"
 * @param denied remedy where AWS denies the access
 * @returns RetryableError | FatalError; anything that is no error of AWS, of the network or the system as it is
 */
export function classifyAwsError(error: unknown, doing: string, denied: string): unknown {
  if (!(error instanceof Error) || error instanceof RetryableError || error instanceof FatalError) return error;
  const { name, message, code, $metadata } = error as AwsError;
  const known = FATAL[name];
  if (known !== undefined)
    return new FatalError(`${doing}: ${known.what} (${message})`, { cause: error, remedy: known.remedy });
  const status = $metadata?.httpStatusCode;
  if (DENIED.has(name) || status === 403)
    return new FatalError(`${doing}: AWS denies it (${message})`, { cause: error, remedy: denied });
  if (code !== undefined && FORBIDDING.has(code))
    return new FatalError(`${doing}: ${message}`, {
      cause: error,
      remedy: "name a folder that can be written in TU_OBJECT_STORE",
    });
  const isPassing =
    (code !== undefined && PASSING.has(code)) ||
    isConnectionError(error) ||
    status === 429 ||
    (status !== undefined && status >= 500) ||
    (error as AwsError).$retryable !== undefined;
  if (isPassing) return new RetryableError(`${doing}: ${textOf(error)}`, { cause: error });
  return error;
}

const CONNECTION = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** Whether nobody answered, or the answer broke off. */
export function isConnectionError(error: unknown): boolean {
  const { code, name } = error as AwsError;
  return (code !== undefined && CONNECTION.has(code)) || name === "TimeoutError" || name === "NetworkingError";
}

/** Node says nothing in the message of an error for several addresses. */
function textOf(error: Error): string {
  return error.message === "" ? ((error as AwsError).code ?? error.name) : error.message;
}
