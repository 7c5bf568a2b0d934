/** Calls the function. What Lambda calls a function error comes with HTTP 200: no exception, no retry by the SDK. */
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { classifyAwsError, isConnectionError } from "../../aws/errors.ts";
import { quietAwsSdk } from "../../aws/quiet.ts";
import { FatalError, RetryableError } from "../../domain/errors.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { GetAnswer, ListAnswer } from "../../object-store/function.ts";
import { parseGet, parseList } from "./answers.ts";
import type { LambdaSourceOptions } from "./options.ts";

/** Of one attempt; the SDK makes three. */
const CONNECT_TIMEOUT_MS = 3000;
const ANSWER_TIMEOUT_MS = 30_000;
/** The local endpoint wants a signature like AWS does, by a key that opens nothing. */
const LOCAL_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

export class FunctionClient {
  readonly #options: LambdaSourceOptions;
  readonly #client: LambdaClient;

  constructor(options: LambdaSourceOptions) {
    const { endpoint, region } = options;
    this.#options = options;
    quietAwsSdk();
    this.#client = new LambdaClient({
      region,
      requestHandler: {
        connectionTimeout: CONNECT_TIMEOUT_MS,
        requestTimeout: ANSWER_TIMEOUT_MS,
        throwOnRequestTimeout: true,
      },
      ...(endpoint === null ? {} : { endpoint, credentials: LOCAL_CREDENTIALS }),
    });
  }

  /** @throws RetryableError | FatalError */
  async list(after: number, limit: number): Promise<ListAnswer> {
    return parseList(await this.#invoke({ op: "list", after, limit }), after, this.#options.functionName);
  }

  /** @throws RetryableError | FatalError */
  async get(seq: number): Promise<GetAnswer> {
    return parseGet(await this.#invoke({ op: "get", seq }), this.#options.functionName);
  }

  close(): void {
    this.#client.destroy();
  }

  async #invoke(request: object): Promise<string> {
    const { functionName, signal } = this.#options;
    let payload: string;
    let failed: string | undefined;
    try {
      const command = new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(request)) });
      const answer = await this.#client.send(command, { abortSignal: signal });
      payload = Buffer.from(answer.Payload ?? []).toString("utf8");
      failed = answer.FunctionError;
    } catch (error) {
      throw this.#classify(error);
    }
    if (failed !== undefined) throw functionError(functionName, payload);
    return payload;
  }

  #classify(error: unknown): unknown {
    const { endpoint, region, functionName } = this.#options;
    const where = endpoint ?? `AWS ${region}`;
    const doing = `calling function ${functionName} at ${where}`;
    if (!(error instanceof Error)) return error;
    if (error.name === "ResourceNotFoundException") {
      const remedy =
        endpoint === null
          ? "create it with `just infra-apply`, or correct TU_LAMBDA_FUNCTION and TU_LAMBDA_REGION"
          : "correct TU_LAMBDA_FUNCTION: the local endpoint serves the function of that name";
      return new FatalError(`function ${functionName} does not exist at ${where}`, { cause: error, remedy });
    }
    if (isConnectionError(error)) {
      const code = (error as NodeJS.ErrnoException).code ?? error.name;
      const hint =
        endpoint === null ? "is the network there, and TU_LAMBDA_REGION right?" : "is `third-umpire lambda` running?";
      return new RetryableError(`${where} cannot be reached (${code}): ${hint}`, { cause: error });
    }
    return classifyAwsError(error, doing, "allow lambda:InvokeFunction on it to these credentials: just infra-apply");
  }
}

/** @returns RetryableError; FatalError when the function does not understand what it is asked. */
function functionError(name: string, payload: string): Error {
  const { errorType = "Error", errorMessage = "" } = fieldsOf(payload);
  const text = oneLine(`${errorType}: ${errorMessage}`);
  if (errorType === "BadRequestError") {
    return new FatalError(`function ${name} does not understand its source: ${text}`, {
      remedy: "deploy the function of this version: just infra-apply",
    });
  }
  return new RetryableError(`function ${name} failed: ${text}`);
}

function fieldsOf(payload: string): { readonly errorType?: string; readonly errorMessage?: string } {
  try {
    return (JSON.parse(payload) as object | null) ?? {};
  } catch {
    return { errorMessage: payload }; // an error that is no JSON is still one
  }
}
