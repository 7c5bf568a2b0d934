import type { FeedStatus } from "../../feed/index.ts";
import type { LoaderStatus } from "../../loader/status.ts";
import type { ProcessSpec } from "../../local/index.ts";
import type { ProcessorStatus } from "../../processor/index.ts";
import type { SourceStatus } from "../../sources/postgres/index.ts";
import { isStatusMessage } from "../report.ts";
import type { PlayOptions } from "./options.ts";
import { selfCommand } from "./self.ts";

/** What the parts of the pipeline say, as it arrives. */
export interface PipelineListener {
  source(name: string, status: SourceStatus): void;
  processor(name: string, status: ProcessorStatus): void;
  loader(status: LoaderStatus): void;
  feed(status: FeedStatus): void;
}

/** A part has its own back-off and waits for servers that are gone: killing it for being slow would help nobody. */
const READY_TIMEOUT_MS = 600_000;

/** Source, processors and loader: what runs all the time. In the order of the data. */
export function pipelineSpecs(options: PlayOptions, listener: PipelineListener): ProcessSpec[] {
  const processors = Array.from({ length: options.processors }, (_, index) => `processor-${index + 1}`);
  return [
    part<SourceStatus>("source", ["source"], ["streaming", "snapshot", "standby"], (status) =>
      listener.source("source", status),
    ),
    ...processors.map((name) =>
      part<ProcessorStatus>(name, ["processor", "--instance", name], ["running"], (status) =>
        listener.processor(name, status),
      ),
    ),
    part<LoaderStatus>("loader", ["loader"], ["running"], (status) => listener.loader(status)),
  ];
}

/** The application server. It ends by itself when everything is in: whoever listens then stops it for good. */
export function feedSpec(options: PlayOptions, listener: PipelineListener): ProcessSpec {
  const args = [
    "feed",
    ...["--odi", options.dir, "--interval", `${options.intervalMs}ms`, "--seed", String(options.seed)],
    ...["--replay-rate", String(options.replayRate), "--correction-rate", String(options.correctionRate)],
    ...options.live.flatMap((id) => ["--live", id]),
    ...options.matches.flatMap((id) => ["--match", id]),
    ...(options.again ? ["--again"] : []),
  ];
  return part<FeedStatus>("feed", args, ["playing", "live", "done"], (status) => listener.feed(status));
}

function part<S extends { readonly state: string }>(
  name: string,
  args: readonly string[],
  working: readonly S["state"][],
  onStatus: (status: S) => void,
): ProcessSpec {
  let isWorking = false;
  return {
    name,
    ...selfCommand(args),
    ipc: true,
    readyTimeoutMs: READY_TIMEOUT_MS,
    // Longer than the part's own hard limit, so that SIGKILL is only for what hangs.
    stopGraceMs: 27_000,
    beforeStart: async () => {
      isWorking = false;
    },
    ready: async () => isWorking,
    onMessage: (message) => {
      if (!isStatusMessage(message)) return;
      // Our own child, of our own version: the type is what its command reports.
      const status = message.status as S;
      isWorking ||= working.includes(status.state);
      onStatus(status);
    },
  };
}
