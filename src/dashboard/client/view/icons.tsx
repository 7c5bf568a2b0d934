import type { JSX } from "preact";
import type { Verdict } from "../../api.ts";

/** Drawn with the page's own colour; always beside a word or a label. */
const PATHS: Readonly<Record<IconName, string>> = {
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm5 12 4.5 4.5",
  close: "M6 6l12 12M18 6 6 18",
  auto: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 0v18",
  light:
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M5 19l1.4-1.4M17.6 6.4 19 5",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z",
  repeat: "M4 11V9a3 3 0 0 1 3-3h12m-3-3 3 3-3 3M20 13v2a3 3 0 0 1-3 3H5m3 3-3-3 3-3",
  crash: "M13 3 5 14h6l-1 7 8-11h-6l1-7Z",
};
export type IconName = "search" | "close" | "auto" | "light" | "dark" | "repeat" | "crash";

export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.8"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

/** Each verdict has a shape of its own: colour is never the only sign. */
const GLYPHS: Readonly<Record<Verdict, string>> = {
  accepted: "M3.5 8.5 6.5 11.5 12.5 4.5",
  duplicate: "M3 5.5h10M3 10.5h10",
  correction: "M3 8h9M9 4.5 12.5 8 9 11.5",
  stale: "M8 3.5V8l3 2.5M8 1.5a6.5 6.5 0 1 0 .01 0",
  late: "M4 2.5h8M4 13.5h8M5 2.5l6 11M11 2.5l-6 11",
  poison: "M4 4l8 8M12 4l-8 8",
};

export function VerdictGlyph({ verdict }: { readonly verdict: Verdict }): JSX.Element {
  return (
    <svg class={`glyph v-${verdict}`} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">
      <path
        d={GLYPHS[verdict]}
        fill="none"
        stroke="currentColor"
        stroke-width="2"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

/** Three stumps, three sources; the bails are on. */
export function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">
      <rect class="logo-ground" width="32" height="32" rx="8" />
      <g class="logo-stumps">
        <rect x="7.5" y="11" width="3" height="15" rx="1.5" />
        <rect x="14.5" y="11" width="3" height="15" rx="1.5" />
        <rect x="21.5" y="11" width="3" height="15" rx="1.5" />
      </g>
      <rect class="logo-bail" x="7" y="7" width="8" height="2.5" rx="1.25" />
      <rect class="logo-bail" x="17" y="7" width="8" height="2.5" rx="1.25" />
    </svg>
  );
}
