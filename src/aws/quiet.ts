/** The AWS SDK tells developers on stderr which Node.js it will need next year: a line in the middle of ours, said to nobody who can act on it. */
export function quietAwsSdk(): void {
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
}
