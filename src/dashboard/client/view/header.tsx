import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { applyTheme, storedTheme, type Theme } from "../theme.ts";
import type { Part } from "./app.tsx";
import { Icon, Logo } from "./icons.tsx";

export function Header({ state, dispatch }: Part): JSX.Element {
  return (
    <header class="top">
      <h1 class="brand">
        <Logo />
        <span>Third Umpire</span>
      </h1>
      <p class="motto">Three unreliable sources. One right score.</p>
      <div class="tools">
        <LiveSign kind={state.connection.kind} />
        <button type="button" class="tool" onClick={() => dispatch({ type: "picker-open" })}>
          <Icon name="search" />
          <span>All matches</span>
        </button>
        <ThemeButton />
      </div>
    </header>
  );
}

function LiveSign({ kind }: { readonly kind: "connecting" | "live" | "lost" }): JSX.Element {
  const text = { connecting: "Connecting", live: "Live", lost: "Offline" }[kind];
  return (
    <p class={`sign sign-${kind}`} data-connection={kind}>
      <span class="lamp" aria-hidden="true" />
      {text}
    </p>
  );
}

const NEXT: Readonly<Record<Theme, Theme>> = { auto: "light", light: "dark", dark: "auto" };
const THEME_NAMES: Readonly<Record<Theme, string>> = { auto: "as the system", light: "light", dark: "dark" };

function ThemeButton(): JSX.Element {
  const [theme, setTheme] = useState<Theme>(storedTheme());
  const change = (): void => {
    applyTheme(NEXT[theme]);
    setTheme(NEXT[theme]);
  };
  const label = `Colours: ${THEME_NAMES[theme]}. Change to ${THEME_NAMES[NEXT[theme]]}.`;
  return (
    <button type="button" class="tool tool-round" aria-label={label} title={label} onClick={change}>
      <Icon name={theme} />
    </button>
  );
}
