/** How objects of the store speak of editions: a line of their text, and their key. */
import type { Editions } from "../plan.ts";
import type { TestContent } from "./yaml.ts";
import { mapping, printYaml, scalar } from "./yaml-text.ts";

const DELIVERY = /^[^/]+\/(?<innings>\d+)\/(?<over>\d+)\.(?<ball>\d+)(?<deleted>\.deleted)?\.yaml$/u;
const EDITION = /^edition: (?<edition>\d+)$/mu;

export function yamlEditions(matchId: string): Editions<TestContent> {
  return {
    mark: (content, edition) =>
      content.key.startsWith(`${matchId}/unreadable/`)
        ? content
        : { ...content, body: `${content.body}edition: ${edition}\n` },
    keyOf: ({ key }) => yamlDelivery(key)?.key ?? null,
    deletion: (key, edition) => {
      const [innings = "", label = ""] = key.split("/");
      const fields = { innings, label, edition: String(edition), deleted: "true" };
      const plain = Object.entries(fields).map(([name, value]) => [name, scalar(value, "plain")] as const);
      const body = printYaml(mapping({ match_id: scalar(matchId), ...Object.fromEntries(plain) }));
      return { key: `${matchId}/${innings}/${label}.deleted.yaml`, body };
    },
  };
}

/** The natural key that an object's key tells, `<innings>/<over>.<ball>`; null for one that is of no delivery. */
export function yamlDelivery(objectKey: string): { readonly key: string; readonly deleted: boolean } | null {
  const groups = DELIVERY.exec(objectKey)?.groups;
  if (groups === undefined) return null;
  const { innings, over, ball, deleted } = groups;
  return { key: `${Number(innings)}/${Number(over)}.${Number(ball)}`, deleted: deleted !== undefined };
}

export function yamlEdition(body: string): number {
  return Number(EDITION.exec(body)?.groups?.["edition"] ?? 1);
}
