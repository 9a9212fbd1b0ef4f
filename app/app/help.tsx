"use client";

import { lazy, Suspense, useState } from "react";

/** Loaded when somebody asks for it, which may be long after the page, and after the next release. */
const HelpText = lazy(() => import("./help-text"));

export function Help() {
  const [shown, show] = useState(false);
  return (
    <aside>
      <button type="button" onClick={() => show(true)}>
        How does this work?
      </button>
      <Suspense>{shown && <HelpText />}</Suspense>
    </aside>
  );
}
