import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { Settings } from "../settings.ts";
import { codeOf, isCertificateError, messageOf, type Report, type SourceCheck } from "./check.ts";

/** The local endpoint asks for no credentials, and the SDK does not send a request without any. */
const LOCAL_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

/** What the source of Test matches needs of the function. */
export function lambdaCheck(settings: Settings): SourceCheck {
  const { lambdaEndpoint, lambdaRegion, lambdaFunction } = settings;
  const place = lambdaEndpoint ?? `AWS, ${lambdaRegion}`;
  return {
    source: "lambda",
    secrets: [],
    run: async (report, signal) => {
      // A line for developers of the SDK in the middle of ours.
      process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
      const client = new LambdaClient({
        region: lambdaRegion,
        maxAttempts: 2,
        ...(lambdaEndpoint === null ? {} : { endpoint: lambdaEndpoint, credentials: LOCAL_CREDENTIALS }),
      });
      try {
        const answer = await client.send(
          new InvokeCommand({
            FunctionName: lambdaFunction,
            Payload: JSON.stringify({ op: "list", after: 0, limit: 1 }),
          }),
          { abortSignal: signal },
        );
        report("reachable", "ok", place);
        const text = Buffer.from(answer.Payload ?? []).toString("utf8");
        reportAnswer(lambdaFunction, answer.FunctionError, text, report);
      } catch (error) {
        signal.throwIfAborted();
        const { check, found, remedy } = refusal(error, settings, place);
        if (check !== "reachable") report("reachable", "ok", place);
        report(check, "missing", found, remedy);
      } finally {
        client.destroy();
      }
    },
  };
}

/** A function that throws is HTTP 200 to Lambda. */
function reportAnswer(name: string, functionError: string | undefined, text: string, report: Report): void {
  const value = parsed(text);
  if (functionError !== undefined) {
    const message = typeof value?.["errorMessage"] === "string" ? value["errorMessage"] : text;
    const log = `its log says why: /aws/lambda/${name}, or the log of \`third-umpire lambda\``;
    report("function", "missing", `${name} failed (${functionError}): ${message}`, log);
    return;
  }
  const items: unknown = value?.["items"];
  if (!Array.isArray(items)) {
    report("function", "missing", `${name} answers, but not as the object store does`, "correct TU_LAMBDA_FUNCTION");
    return;
  }
  report("function", "ok", `${name} lists objects`);
  const head = Number(value?.["head"]);
  if (items.length > 0) report("objects", "ok", Number.isFinite(head) ? `${head} in the store` : "there are some");
  else report("objects", "note", "none yet; `third-umpire feed --test DIR` writes them");
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null; // said by the caller
  }
}

interface Refusal {
  readonly check: "reachable" | "credentials" | "function";
  readonly found: string;
  readonly remedy: string;
}

const CREDENTIAL_ERRORS = new Set([
  "CredentialsProviderError",
  "UnrecognizedClientException",
  "InvalidSignatureException",
  "ExpiredTokenException",
  "TokenProviderError",
]);

function refusal(error: unknown, settings: Settings, place: string): Refusal {
  const name = error instanceof Error ? error.name : "";
  const found = `${name === "" || name === "Error" ? (codeOf(error) ?? "error") : name}: ${messageOf(error)}`;
  if (name === "ResourceNotFoundException") {
    return {
      check: "function",
      found: `there is no function ${settings.lambdaFunction} at ${place}`,
      remedy: "correct TU_LAMBDA_FUNCTION or TU_LAMBDA_REGION, or make it: just infra-apply",
    };
  }
  if (name === "AccessDeniedException") {
    return {
      check: "function",
      found,
      remedy: "attach the caller policy to this user or role: terraform -chdir=infra output caller_policy_arn",
    };
  }
  if (CREDENTIAL_ERRORS.has(name)) {
    return {
      check: "credentials",
      found,
      remedy: "log in: aws sso login, or set AWS_PROFILE; the SDK looks where the AWS command line does",
    };
  }
  if (isCertificateError(error)) {
    return {
      check: "reachable",
      found,
      remedy: "start with NODE_EXTRA_CA_CERTS=FILE of the authority behind your proxy",
    };
  }
  return {
    check: "reachable",
    found: `${place} cannot be reached (${found})`,
    remedy:
      settings.lambdaEndpoint === null
        ? "check the network, and TU_LAMBDA_REGION"
        : "third-umpire up starts the local one; or correct TU_LAMBDA_ENDPOINT",
  };
}
