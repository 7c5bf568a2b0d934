import { FatalError } from "../domain/errors.ts";
import type {
  BrokerLimits,
  CommittedOffset,
  GroupDescription,
  LogAdmin,
  TopicPartition,
  TopicSpec,
} from "../kafka/log.ts";
import type { ModelProcess } from "./model-process.ts";

export class ModelAdmin implements LogAdmin {
  readonly #process: ModelProcess;

  constructor(process: ModelProcess) {
    this.#process = process;
  }

  createTopics(specs: readonly TopicSpec[]): Promise<void> {
    return this.#process.call("admin", () => {
      for (const spec of specs) this.#process.broker.createTopic(spec);
    });
  }

  describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, TopicSpec>> {
    return this.#process.call("admin", () => {
      const found = new Map<string, TopicSpec>();
      for (const name of names) {
        const spec = this.#process.broker.describe(name);
        if (spec !== undefined) found.set(name, spec);
      }
      return found;
    });
  }

  groupOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<(CommittedOffset | undefined)[]> {
    return this.#process.call("admin", () => {
      const group = this.#process.broker.group(groupId);
      return partitions.map((partition) => group.committed(partition));
    });
  }

  acknowledge(groupId: string, offsets: readonly CommittedOffset[]): Promise<void> {
    return this.#process.call("admin", () => {
      const group = this.#process.broker.group(groupId);
      if (group.instanceIds.length > 0) {
        throw new FatalError(`acknowledge: group ${groupId} has active members`, {
          remedy: "choose another group id: this one is in use by a running consumer",
        });
      }
      group.store(offsets);
    });
  }

  groupMembers(groupId: string): Promise<GroupDescription> {
    return this.#process.call("admin", () => this.#process.broker.group(groupId).describe());
  }

  requestRound(groupId: string): Promise<void> {
    return this.#process.call("admin", () => {
      const group = this.#process.broker.group(groupId);
      if (group.describe().state === "Stable") group.requestRound();
    });
  }

  deleteTopics(names: readonly string[]): Promise<void> {
    return this.#process.call("admin", () => {
      for (const name of names) this.#process.broker.deleteTopic(name);
    });
  }

  brokerLimits(): Promise<BrokerLimits | undefined> {
    return this.#process.call("admin", () => this.#process.broker.limits);
  }

  close(): Promise<void> {
    return this.#process.call("admin.close", () => undefined);
  }
}
