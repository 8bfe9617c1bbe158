// The lines of an uploaded file that were nobody: how many for which reason, and all of them as a file.
import { Button } from "@mantine/core";
import { IconTable } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { segmentRejects } from "../api/segments";
import { saveText } from "../ui/download";
import { Note } from "../ui/note";
import { full } from "../ui/numbers";
import { Failed, Loading } from "../ui/panel";
import { texts } from "./texts";

/** How many lines there are for each reason, the most first. */
export function reasonsOf(file: string): { reason: string; lines: number }[] {
  const counts = new Map<string, number>();
  for (const line of file.trimEnd().split("\n").slice(1)) {
    const reason = line.slice(line.indexOf(",") + 1);
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts]
    .map(([reason, lines]) => ({ reason, lines }))
    .sort((one, other) => other.lines - one.lines);
}

const REASONS_SHOWN = 5;

/** `lines` are told by the upload alone: later there are those of the file. */
export function Rejects({ id, name, lines }: { id: string; name: string; lines?: number }) {
  const { data, error } = useQuery({ ...segmentRejects(id), enabled: lines !== 0 });
  if (lines === 0 || data === null) return null;
  if (error) return <Failed error={error} />;
  if (data === undefined) return <Loading height={96} />;
  const reasons = reasonsOf(data);
  const all = lines ?? reasons.reduce((sum, one) => sum + one.lines, 0);
  return (
    <Note kind="mind" title={texts.notFound(full(all))}>
      <ul className="reasons">
        {reasons.slice(0, REASONS_SHOWN).map(({ reason, lines: count }) => (
          <li key={reason}>
            {texts.lines(full(count))}: {texts.reject[reason] ?? reason}
          </li>
        ))}
      </ul>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconTable size={16} aria-hidden />}
        onClick={() => saveText(`${name} rejects`, data)}
      >
        {texts.rejects}
      </Button>
    </Note>
  );
}
