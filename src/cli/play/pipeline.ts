import type { FeedStatus } from "../../feed/index.ts";
import { LOADER_NODE_OPTIONS, NATIVE_MEMORY } from "../../loader/node-options.ts";
import type { LoaderStatus } from "../../loader/status.ts";
import type { ProcessSpec } from "../../local/index.ts";
import type { ProcessorStatus } from "../../processor/index.ts";
import type { SourceStatus } from "../../sources/kit/index.ts";
import { isStatusMessage } from "../report.ts";
import type { PlayOptions, SourcePlay } from "./options.ts";
import { selfCommand } from "./self.ts";
import { feedProcess, type SourceId, sourceProcess } from "./sources.ts";

/** What the parts of the pipeline say, as it arrives. */
export interface PipelineListener {
  source(id: SourceId, status: SourceStatus): void;
  processor(name: string, status: ProcessorStatus): void;
  loader(status: LoaderStatus): void;
  feed(id: SourceId, status: FeedStatus): void;
  /** Anything else that a part says: channel.ts. */
  other(message: unknown): void;
}

/** A part has its own back-off and waits for servers that are gone: killing it for being slow would help nobody. */
const READY_TIMEOUT_MS = 600_000;

const processorNames = (options: PlayOptions): string[] =>
  Array.from({ length: options.processors }, (_, index) => `processor-${index + 1}`);

/** Names of what runs all the time, in the order of the data. */
export function pipelineNames(options: PlayOptions): string[] {
  return [...options.sources.map(({ id }) => sourceProcess(id)), ...processorNames(options), "loader"];
}

/** Reads one source. */
export function sourceSpec({ id }: SourcePlay, listener: PipelineListener): ProcessSpec {
  const working = ["streaming", "snapshot", "standby"] as const;
  return part<SourceStatus>(sourceProcess(id), ["source", id], working, listener, (status) =>
    listener.source(id, status),
  );
}

/** Processors and loader: what all sources share. */
export function sharedSpecs(options: PlayOptions, listener: PipelineListener): ProcessSpec[] {
  return [
    ...processorNames(options).map((name) =>
      part<ProcessorStatus>(name, ["processor", "--instance", name], ["running"], listener, (status) =>
        listener.processor(name, status),
      ),
    ),
    withNodeOptions(
      LOADER_NODE_OPTIONS,
      part<LoaderStatus>("loader", ["loader"], ["running"], listener, (status) => listener.loader(status)),
    ),
  ];
}

/** The application server of one source. It ends by itself when everything is in: whoever listens then stops it for good. */
export function feedSpec(source: SourcePlay, options: PlayOptions, listener: PipelineListener): ProcessSpec {
  const { id } = source;
  const args = [
    "feed",
    ...source.dirs.flatMap((dir) => [`--${id}`, dir]),
    ...["--interval", `${source.intervalMs}ms`, "--seed", String(options.seed)],
    ...["--replay-rate", String(options.replayRate), "--correction-rate", String(options.correctionRate)],
    ...source.live.flatMap((match) => ["--live", match]),
    ...source.matches.flatMap((match) => ["--match", match]),
    ...(options.again ? ["--again"] : []),
    ...(options.acceptDeletions ? ["--accept-deletions"] : []),
  ];
  return part<FeedStatus>(feedProcess(id), args, ["playing", "live", "done"], listener, (status) =>
    listener.feed(id, status),
  );
}

function withNodeOptions(options: readonly string[], spec: ProcessSpec): ProcessSpec {
  return { ...spec, args: [...options, ...spec.args] };
}

function part<S extends { readonly state: string }>(
  name: string,
  args: readonly string[],
  working: readonly S["state"][],
  listener: PipelineListener,
  onStatus: (status: S) => void,
): ProcessSpec {
  let isWorking = false;
  return {
    name,
    ...selfCommand(args),
    env: NATIVE_MEMORY,
    ipc: true,
    readyTimeoutMs: READY_TIMEOUT_MS,
    // Longer than the part's own hard limit, so that SIGKILL is only for what hangs.
    stopGraceMs: 27_000,
    beforeStart: async () => {
      isWorking = false;
    },
    ready: async () => isWorking,
    onMessage: (message) => {
      if (!isStatusMessage(message)) {
        listener.other(message);
        return;
      }
      // Our own child, of our own version: the type is what its command reports.
      const status = message.status as S;
      isWorking ||= working.includes(status.state);
      onStatus(status);
    },
  };
}
