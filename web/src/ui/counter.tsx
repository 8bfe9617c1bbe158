// A number that rolls to its next value; the full value on hover.
import { Text } from "@mantine/core";
import { useReducedMotion } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";

import { full, short } from "./numbers";

const ROLL_MS = 400;

export function Counter({ value }: { value: number }) {
  const still = useReducedMotion();
  const [shown, show] = useState(value);
  const at = useRef(value);
  useEffect(() => {
    const from = at.current;
    if (still || from === value) {
      at.current = value;
      show(value);
      return;
    }
    const start = performance.now();
    let frame = requestAnimationFrame(function roll(now) {
      const part = Math.min(1, (now - start) / ROLL_MS);
      at.current = Math.round(from + (value - from) * part);
      show(at.current);
      if (part < 1) frame = requestAnimationFrame(roll);
    });
    return () => cancelAnimationFrame(frame);
  }, [value, still]);
  return (
    <Text size="28px" fw={600} lh={1.4} title={full(value)}>
      {short(shown)}
    </Text>
  );
}
