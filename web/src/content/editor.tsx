// The editor of code, which comes when it is needed.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Extension, RangeSet, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  gutterLineClass,
  GutterMarker,
  highlightActiveLine,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { useEffect, useRef } from "react";

import { COLOURS, JSON_, MARKUP, SQL } from "./highlight";

type Place = { line: number; column?: number };

const mark = StateEffect.define<Place | undefined>();
const wrongLine = Decoration.line({ class: "cm-wrong" });
const wrongNumber = new (class extends GutterMarker {
  override elementClass = "cm-wrong-number";
})();

/** The line that is wrong, marked until the text changes or another is told. */
const wrongLines = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marked, change) {
    let next = marked.map(change.changes);
    for (const effect of change.effects) {
      if (!effect.is(mark)) continue;
      const { value: place } = effect;
      const there = place && place.line <= change.state.doc.lines;
      next = there ? Decoration.set(wrongLine.range(change.state.doc.line(place.line).from)) : Decoration.none;
    }
    return next;
  },
  provide: (field) => [
    EditorView.decorations.from(field),
    gutterLineClass.from(field, (marked) => {
      const at = marked.iter();
      return at.value ? RangeSet.of(wrongNumber.range(at.from)) : RangeSet.empty;
    }),
  ],
});

const LANGUAGES: Record<"markup" | "json" | "sql", Extension> = { markup: MARKUP, json: JSON_, sql: SQL };

export default function Editor({ value, language, label, wrong, onChange, onFocus }: EditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const told = useRef({ value, onChange, onFocus });
  useEffect(() => {
    told.current = { value, onChange, onFocus };
  });
  useEffect(() => {
    if (!box.current) return;
    const made = new EditorView({
      parent: box.current,
      doc: told.current.value,
      extensions: [
        lineNumbers(),
        history(),
        indentOnInput(),
        bracketMatching(),
        highlightActiveLine(),
        EditorView.lineWrapping,
        // Tab goes on to what follows: the keyboard is not caught.
        keymap.of([...defaultKeymap, ...historyKeymap]),
        LANGUAGES[language],
        syntaxHighlighting(COLOURS),
        wrongLines,
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) told.current.onChange(update.state.doc.toString());
          if (update.focusChanged && update.view.hasFocus) {
            told.current.onFocus?.((text) => {
              update.view.dispatch(update.view.state.replaceSelection(text));
              update.view.focus();
            });
          }
        }),
      ],
    });
    view.current = made;
    return () => made.destroy();
  }, [language, label]);
  useEffect(() => {
    const now = view.current;
    if (!now || now.state.doc.toString() === value) return;
    now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
  }, [value]);
  const [line, column] = [wrong?.line, wrong?.column];
  useEffect(() => {
    view.current?.dispatch({ effects: mark.of(line === undefined ? undefined : { line, column }) });
  }, [line, column, language, label]);
  return <div ref={box} className="editor" />;
}
export type EditorProps = {
  value: string;
  language: keyof typeof LANGUAGES;
  label: string;
  /** Where it is wrong. */
  wrong?: Place;
  onChange: (value: string) => void;
  /** Told how to insert text where the cursor is. */
  onFocus?: (insert: (text: string) => void) => void;
};
