import type { JSX } from "preact";
import type { PageState } from "../state/model.ts";
import type { Dispatch } from "../store.ts";
import { ConnectionSign } from "./connection.tsx";
import { Footer } from "./footer.tsx";
import { Header } from "./header.tsx";
import { MatchSection } from "./match.tsx";
import { PickerDialog } from "./picker.tsx";
import { Scoreboards } from "./scoreboards.tsx";
import { UmpirePanel } from "./umpire.tsx";

export interface Part {
  readonly state: PageState;
  readonly dispatch: Dispatch;
}

export function App({ state, dispatch }: Part): JSX.Element {
  return (
    <>
      <a class="skip" href="#match">
        Skip to the match
      </a>
      <a class="skip" href="#umpire">
        Skip to the umpire’s panel
      </a>
      <Header state={state} dispatch={dispatch} />
      <ConnectionSign connection={state.connection} />
      <main>
        <Scoreboards state={state} dispatch={dispatch} />
        <div class="columns">
          <MatchSection state={state} dispatch={dispatch} />
          <UmpirePanel state={state} dispatch={dispatch} />
        </div>
      </main>
      <Footer />
      <PickerDialog state={state} dispatch={dispatch} />
      <p class="unseen" role="status" aria-live="polite">
        {state.announcement}
      </p>
    </>
  );
}
