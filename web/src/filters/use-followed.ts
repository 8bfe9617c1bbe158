import { useState } from "react";

/** A text that is typed here and follows its origin when that changes: back, or a link. */
export function useFollowed(origin: string): [string, (text: string) => void] {
  const [text, setText] = useState(origin);
  const [followed, setFollowed] = useState(origin);
  if (followed !== origin) {
    setFollowed(origin);
    setText(origin);
  }
  return [text, setText];
}
