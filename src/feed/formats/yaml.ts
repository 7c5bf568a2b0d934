/** Cricsheet YAML (0.5, 0.9 to 0.92) as objects: one a delivery, one for what the file says about the match. */
import type { MappingNode, Node } from "js-yaml";
import { isInningsLabel } from "../../domain/cricket/yaml.ts";
import type { UnreadableLine } from "../csv.ts";
import { digestOfFiles } from "../files.ts";
import type { FolderKind, Notes } from "../folder.ts";
import { listFolders } from "../folder.ts";
import { listWholeFiles } from "./whole-folder.ts";
import type { MatchScript, ScriptRow } from "../plan.ts";
import type { Random } from "../../domain/random.ts";
import { otherRuns } from "../slip.ts";
import { yamlEditions } from "./yaml-editions.ts";
import { UnreadableFile, readOnce, readWhole } from "./whole-file.ts";
import { mapping, parseYamlText, printYaml, scalar, textOf, valueOf, withValues } from "./yaml-text.ts";

export interface TestContent {
  /** `<match>/match.yaml`, `<match>/<innings>/<label>.yaml` or `<match>/unreadable/<n>.yaml`. */
  readonly key: string;
  /** YAML text. */
  readonly body: string;
}

const KIND: FolderKind = { format: "yaml", files: "Cricsheet YAML files (<id>.yaml)", option: "--test" };

/** The largest Test has 486 kB. */
const MAX_FILE_BYTES = 2 * 1024 * 1024;
/** What a file may come to once its aliases are replaced. */
const MAX_EXPANDED_CHARS = 2 * MAX_FILE_BYTES;

/** A file without an id for a name is a match if it begins like one. */
const MATCH_START = /^(?:meta|info|innings):/mu;

/** @param note hears of every file that is not played. @throws FatalError when a folder cannot be read or holds none. */
export async function testScripts(
  dirs: readonly string[],
  note: Notes = () => undefined,
): Promise<MatchScript<TestContent>[]> {
  const found = await listFolders(dirs, KIND, (dir) => listWholeFiles(dir, KIND, note, MATCH_START));
  return found.map(({ matchId, match, progressKey }) => {
    const script = yamlScript(matchId, match.path, progressKey);
    // Objects do not tell from which of several folders they came: none of these may delete what another has said.
    const isOnlyOne = found.filter((other) => other.matchId === matchId).length === 1;
    return isOnlyOne ? { ...script, editions: yamlEditions(matchId) } : script;
  });
}

export function yamlScript(matchId: string, path: string, progressKey: string = matchId): MatchScript<TestContent> {
  const file = readOnce(() => readWhole(path, MAX_FILE_BYTES, (text) => objectsOf(matchId, text)));
  return {
    matchId,
    progressKey,
    record: async () => {
      const read = await file.first();
      return "unreadable" in read ? unreadableObject(matchId, read.unreadable) : row(read.read.record, 0);
    },
    rows: async function* () {
      const read = await file.again();
      if ("read" in read) for (const [index, object] of read.read.deliveries.entries()) yield row(object, index + 1);
    },
    wrong: wrongVersion,
    digest: () => digestOfFiles([path]),
  };
}

/** As text at once: the parsed file would take twenty times the memory while it is played. */
interface Objects {
  readonly record: TestContent;
  readonly deliveries: readonly TestContent[];
}

/** <over>.<delivery> */
const LABEL = /^\d{1,4}\.\d{1,4}$/u;

/** What leads to the deliveries must be there; what they hold is for the review. @throws UnreadableFile */
function objectsOf(matchId: string, text: string): Objects {
  const match = mappingOf(parseYamlText(text, MAX_EXPANDED_CHARS), "the file");
  const id = scalar(matchId);
  const deliveries: TestContent[] = [];
  const innings = listOf(valueOf(match, "innings"), '"innings"').map((item, n) => {
    const labelled = mappingOf(item, `innings ${n + 1}`);
    const isLabel = ({ key }: MappingNode["items"][number]): boolean => isInningsLabel(textOf(key) ?? "");
    // A key beside the label is of a later version: it stays in the record and means nothing.
    const several = labelled.items.length > 1 && labelled.items.some(isLabel);
    const items = labelled.items.map((labelledItem) => {
      const { key, value } = labelledItem;
      if (several && !isLabel(labelledItem)) return labelledItem;
      const body = mappingOf(value, `innings ${n + 1}`);
      const team = valueOf(body, "team");
      for (const delivery of listOf(valueOf(body, "deliveries"), `"deliveries" of innings ${n + 1}`))
        deliveries.push(deliveryObject({ matchId, innings: n + 1, row: deliveries.length + 1, team }, delivery));
      return { key, value: withValues(body, { deliveries: undefined }) };
    });
    return { ...labelled, items };
  });
  const list = valueOf(match, "innings");
  const record = list?.kind === "sequence" ? withValues(match, { innings: { ...list, items: innings } }) : match;
  return {
    record: { key: `${matchId}/match.yaml`, body: printYaml(mapping({ match_id: id, match: record })) },
    deliveries,
  };
}

interface Place {
  readonly matchId: string;
  readonly innings: number;
  /** Which delivery of the file it is, from 1. */
  readonly row: number;
  readonly team: Node | undefined;
}

/** A delivery is a mapping of one label; anything else goes in as it is and without a label. */
function deliveryObject({ matchId, innings, row: number, team }: Place, item: Node): TestContent {
  const items = item.kind === "mapping" ? item.items : [];
  // A key beside the label is of a later version, and passed over.
  const labelled = items.length === 1 ? items : items.filter(({ key }) => LABEL.test(textOf(key) ?? ""));
  const [only, another] = labelled;
  const label = another === undefined ? textOf(only?.key) : undefined;
  const body = printYaml(
    mapping({
      match_id: scalar(matchId),
      innings: scalar(String(innings), "plain"),
      ...(team === undefined ? {} : { team }),
      ...(label === undefined ? {} : { label: scalar(label) }),
      delivery: (label === undefined ? undefined : only?.value) ?? item,
    }),
  );
  // Keys are names of files and addresses: a label that is not fit for one stays in the object.
  const name = label !== undefined && LABEL.test(label) ? label : `delivery-${number}`;
  return { key: `${matchId}/${innings}/${name}.yaml`, body };
}

function mappingOf(node: Node | undefined, what: string): MappingNode {
  if (node?.kind !== "mapping") throw new UnreadableFile(`${what} is no mapping`);
  return node;
}

/** Nothing, written as an empty value, is an empty list. */
function listOf(node: Node | undefined, what: string): readonly Node[] {
  if (node === undefined || textOf(node) === "") return [];
  if (node.kind !== "sequence") throw new UnreadableFile(`${what} is no list`);
  return node.items;
}

function row(content: TestContent, line: number): ScriptRow<TestContent> {
  return { content, bytes: Buffer.byteLength(content.body) + content.key.length + 100, line, repeatable: true };
}

function unreadableObject(matchId: string, { file, line, raw, problem }: UnreadableLine): ScriptRow<TestContent> {
  const body = printYaml(
    mapping({
      match_id: scalar(matchId),
      file: scalar(file),
      line: scalar(String(line), "plain"),
      raw: scalar(raw.toString("base64")),
      problem: scalar(problem),
    }),
  );
  return { ...row({ key: `${matchId}/unreadable/1.yaml`, body }, 0), repeatable: false };
}

function readObject(body: string): Node | undefined {
  try {
    return parseYamlText(body, MAX_EXPANDED_CHARS);
  } catch (error) {
    // What no reader takes is for the review to say; there is nothing in it to get wrong.
    if (error instanceof UnreadableFile) return undefined;
    throw error;
  }
}

/** Only a ball without extras and wickets: there the runs off the bat could just be different. */
function wrongVersion(content: TestContent, random: Random): TestContent | null {
  const draw = random();
  const object = readObject(content.body);
  const delivery = valueOf(object, "delivery");
  const runs = valueOf(delivery, "runs");
  if (object?.kind !== "mapping" || delivery?.kind !== "mapping" || runs?.kind !== "mapping") return null;
  if (["extras", "wicket"].some((key) => valueOf(delivery, key) !== undefined)) return null;
  const [batsman, extras, total] = ["batsman", "extras", "total"].map((key) => textOf(valueOf(runs, key)));
  if (extras !== "0" || total !== batsman || valueOf(runs, "non_boundary") !== undefined) return null;
  const slip = otherRuns(batsman, draw);
  if (slip === null) return null;
  const written = scalar(slip, "plain");
  const wrong = withValues(delivery, { runs: withValues(runs, { batsman: written, total: written }) });
  return { key: content.key, body: printYaml(withValues(object, { delivery: wrong })) };
}
