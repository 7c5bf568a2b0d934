import { parseYamlObject } from "../../../domain/cricket/yaml.ts";
import { type EventKind, MATCH_BYTES_MAX, YAML_TYPE } from "./event-kind.ts";
import { utf8Text } from "./json-text.ts";

/**
 * One object of the store. No compiled schema stands before the parser here: reading the text and checking its members is
 * one walk, and a second one would cost as much again. Tests hold the parser and test-object.schema.json together.
 */
export const yamlObject: EventKind = {
  contentType: YAML_TYPE,
  bytesMax: MATCH_BYTES_MAX,
  read: (value) => parseYamlObject(utf8Text(value)),
};
