// Step one: who is written to, by a saved segment or a rule of its own.
import { Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import type { Campaign } from "../api/campaigns";
import { segments } from "../api/segments";
import { SegmentPicker, useSegmentNames } from "../filters/segment-picker";
import { Builder } from "../rules/builder";
import { ANYBODY, readRule } from "../rules/read";
import { group, written } from "../rules/rule";
import { ruleInWords } from "../rules/words";
import { Panel } from "../ui/panel";
import { texts } from "./texts";

const NOTHING = group("all", []);

function Saved({ id, onChange }: { id: string; onChange: (id: string) => void }) {
  const names = useSegmentNames();
  const found = useQuery(segments).data?.segments.find((one) => one.id === id);
  return (
    <Stack gap={8}>
      <Group gap={12}>
        <SegmentPicker value={id || undefined} label={texts.segment} onChange={(next) => onChange(next ?? "")} />
        {id !== "" && (
          <Text size="sm">
            <Link to="/segments/$id" params={{ id }}>
              {texts.openSegment}
            </Link>
          </Text>
        )}
      </Group>
      {found?.definition !== undefined && !found.list && (
        <Text size="sm" className="quiet" maw="70ch">
          {ruleInWords(found.definition, names)}
        </Text>
      )}
    </Stack>
  );
}

export function Who({ draft, onChange }: StepProps) {
  const { audience } = draft;
  const saved = "segment" in audience ? audience.segment : undefined;
  return (
    <Panel
      title={texts.audience}
      aside={
        <SegmentedControl
          size="xs"
          aria-label={texts.audience}
          value={saved === undefined ? "rule" : "segment"}
          data={[
            { value: "segment", label: texts.bySegment },
            { value: "rule", label: texts.byRule },
          ]}
          onChange={(how) => onChange({ audience: how === "segment" ? { segment: "" } : ANYBODY })}
        />
      }
    >
      {saved === undefined ? (
        <Builder
          rule={readRule(audience) ?? NOTHING}
          without={undefined}
          onChange={(rule) => onChange({ audience: written(rule) })}
        />
      ) : (
        <Saved id={saved} onChange={(segment) => onChange({ audience: { segment } })} />
      )}
    </Panel>
  );
}
export type StepProps = { draft: Campaign; onChange: (more: Partial<Campaign>) => void };
