import { builtMain } from "./cli.ts";

/** Once before all files: two that run side by side and find the build out of date would build into one folder. */
export default function setup(): void {
  builtMain();
}
