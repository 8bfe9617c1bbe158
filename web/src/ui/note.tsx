// A few words that stand out: what is so, what to mind, what went wrong. An icon beside says which.
import { Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle, IconLock } from "@tabler/icons-react";
import type { ReactNode } from "react";

const ICONS = { info: IconInfoCircle, mind: IconAlertTriangle, lock: IconLock, good: IconCircleCheck, bad: IconAlertTriangle };

export function Note({ kind, title, role, children }: NoteProps) {
  const Icon = ICONS[kind];
  return (
    <div className="note" data-kind={kind} role={role}>
      <Icon size={20} stroke={1.7} aria-hidden />
      <div>
        {title && (
          <Text size="sm" fw={600} mb={4}>
            {title}
          </Text>
        )}
        <Text size="sm" component="div" maw="70ch">
          {children}
        </Text>
      </div>
    </div>
  );
}
type NoteProps = {
  kind: keyof typeof ICONS;
  title?: string;
  role?: "alert" | "status";
  children: ReactNode;
};
