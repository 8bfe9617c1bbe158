// A place for code: a line of grey until the editor is there.
import { lazy, Suspense } from "react";

import { Loading } from "../ui/panel";
import type { EditorProps } from "./editor";

const Editor = lazy(() => import("./editor"));

/** The height of the editor at least. */
const HEIGHT = 420;

export function Code(props: EditorProps) {
  return (
    <Suspense fallback={<Loading height={HEIGHT} />}>
      <Editor {...props} />
    </Suspense>
  );
}
