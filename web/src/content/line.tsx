// A line of text with Liquid in it, which takes a field where the cursor is.
import { Textarea, TextInput } from "@mantine/core";
import { useRef } from "react";

import type { Insert } from "./fields";

export function Line({ value, label, hint, error, most, rows, onChange, onFocus }: LineProps) {
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const insert: Insert = (text) => {
    const box = input.current;
    if (!box) return;
    const [from, to] = [box.selectionStart ?? value.length, box.selectionEnd ?? value.length];
    onChange(box.value.slice(0, from) + text + box.value.slice(to));
    box.focus();
    requestAnimationFrame(() => box.setSelectionRange(from + text.length, from + text.length));
  };
  const props = {
    ref: input,
    label,
    description: hint,
    value,
    error,
    maxLength: most,
    inputWrapperOrder: ["label", "input", "error", "description"] as ("label" | "input" | "error" | "description")[],
    onFocus: () => onFocus(insert),
    onChange: (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value),
  };
  return rows ? <Textarea {...props} autosize minRows={rows} maxRows={20} /> : <TextInput {...props} />;
}
type LineProps = {
  value: string;
  label: string;
  hint?: string;
  error?: string;
  most?: number;
  /** More lines than one. */
  rows?: number;
  onChange: (value: string) => void;
  onFocus: (insert: Insert) => void;
};
