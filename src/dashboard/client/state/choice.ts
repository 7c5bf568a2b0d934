import { type Choice, FORMATS } from "./model.ts";

/** The part of the address behind `#`: a page can be kept, sent and gone back to. */
export function choiceHash(choice: Choice): string {
  return choice.kind === "follow" ? `#/${choice.format}` : `#/match/${encodeURIComponent(choice.id)}`;
}

/** null when the address chooses nothing. */
export function choiceOf(hash: string): Choice | null {
  const format = FORMATS.find((candidate) => hash === `#/${candidate}`);
  if (format !== undefined) return { kind: "follow", format };
  const encoded = /^#\/match\/([^/]+)$/u.exec(hash)?.[1];
  return encoded === undefined ? null : { kind: "match", id: decoded(encoded) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not something this page wrote; a match of that name will not be found
  }
}
