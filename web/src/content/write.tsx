// Where a message is written: a mail by language, or the body of a webhook.
import "./content.css";

import { Group, Input, SegmentedControl, Stack, Text } from "@mantine/core";
import { useRef, useState } from "react";

import type { Content } from "../api/templates";
import { Code } from "./code";
import { InsertField, type Insert } from "./fields";
import { Languages } from "./languages";
import { Line } from "./line";
import {
  bodyOf,
  type Email,
  formOf,
  type Mistake,
  SUBJECT_MAX,
  type Variant,
  withBody,
} from "./shape";
import { texts } from "./texts";

/** Where a field that is inserted goes: where the cursor was last. */
function useCursor() {
  const last = useRef<Insert>(undefined);
  return {
    onFocus: (insert: Insert) => (last.current = insert),
    insert: (text: string) => last.current?.(text),
  };
}

/** The body is where it goes when the cursor was nowhere yet. */
type Part = { variant: Variant; mistake: Mistake | undefined; purpose: string; onChange: (variant: Variant) => void };

function MailParts({ variant, mistake, purpose, label, onChange }: Part & { label: string }) {
  const cursor = useCursor();
  const form = formOf(variant);
  const wrong = (field: string) => (mistake?.field === field ? mistake.message : undefined);
  const put = (field: "subject" | "preheader" | "text", value: string) => {
    // What may stay empty is not there then.
    onChange({ ...variant, [field]: value === "" && field !== "subject" ? undefined : value });
  };
  // A body that was written in the other form comes back when one changes one's mind.
  const [other, setOther] = useState<string>();
  return (
    <>
      <Line
        label={texts.subject}
        value={variant.subject}
        error={wrong("subject")}
        most={SUBJECT_MAX}
        onChange={(subject) => put("subject", subject)}
        onFocus={cursor.onFocus}
      />
      <Line
        label={texts.preheader}
        hint={texts.preheaderHint}
        value={variant.preheader ?? ""}
        error={wrong("preheader")}
        most={SUBJECT_MAX}
        onChange={(preheader) => put("preheader", preheader)}
        onFocus={cursor.onFocus}
      />
      <div>
        <Group justify="space-between" gap={8} mb={4}>
          <Group gap={8}>
            <Input.Label component="div">{texts.body}</Input.Label>
            <SegmentedControl
              size="xs"
              aria-label={texts.body}
              value={form}
              data={[
                { value: "mjml", label: texts.mjml },
                { value: "html", label: texts.html },
              ]}
              onChange={(next) => {
                setOther(bodyOf(variant));
                onChange(withBody(variant, next === "html" ? "html" : "mjml", other ?? ""));
              }}
            />
          </Group>
          <InsertField purpose={purpose} onInsert={cursor.insert} />
        </Group>
        <Code
          label={label}
          language="markup"
          value={bodyOf(variant)}
          wrong={placed(mistake, form)}
          onChange={(body) => onChange(withBody(variant, form, body))}
          onFocus={cursor.onFocus}
        />
      </div>
      <details open={mistake?.field === "text" || undefined}>
        <summary>{texts.text}</summary>
        <Line
          label={texts.text}
          hint={texts.textDoes}
          value={variant.text ?? ""}
          error={wrong("text")}
          rows={4}
          onChange={(text) => put("text", text)}
          onFocus={cursor.onFocus}
        />
      </details>
    </>
  );
}

const placed = (mistake: Mistake | undefined, field: string) =>
  mistake?.field === field && mistake.line !== undefined
    ? { line: mistake.line, ...(mistake.column === undefined ? {} : { column: mistake.column }) }
    : undefined;

function Mail({ email, language, mistake, purpose, onChange, onLanguage }: MailProps) {
  const shown = email.languages[language] ? language : email.default_language;
  const variant = email.languages[shown];
  if (!variant) return null;
  return (
    <Stack gap={12}>
      <Languages email={email} language={shown} onChange={onChange} onLanguage={onLanguage} />
      <MailParts
        key={shown}
        variant={variant}
        label={`${texts.body}, ${shown}`}
        mistake={mistake?.language === undefined || mistake.language === shown ? mistake : undefined}
        purpose={purpose}
        onChange={(next) => onChange({ ...email, languages: { ...email.languages, [shown]: next } })}
      />
    </Stack>
  );
}
type MailProps = {
  email: Email;
  language: string;
  mistake: Mistake | undefined;
  purpose: string;
  onChange: (email: Email) => void;
  onLanguage: (tag: string) => void;
};

function Webhook({ body, mistake, purpose, onChange }: WebhookProps) {
  const cursor = useCursor();
  return (
    <div>
      <Group justify="space-between" gap={8} mb={4}>
        <Input.Label component="div">{texts.webhookBody}</Input.Label>
        <InsertField purpose={purpose} onInsert={cursor.insert} />
      </Group>
      <Code
        label={texts.webhookBody}
        language="json"
        value={body}
        wrong={placed(mistake, "body")}
        onChange={onChange}
        onFocus={cursor.onFocus}
      />
      <Text size="xs" className="quiet" mt={4}>
        {texts.webhookDoes}
      </Text>
    </div>
  );
}
type WebhookProps = {
  body: string;
  mistake: Mistake | undefined;
  purpose: string;
  onChange: (body: string) => void;
};

export function Write({ content, language, mistake, purpose, onChange, onLanguage }: WriteProps) {
  if ("webhook" in content) {
    return (
      <Webhook
        body={content.webhook.body}
        mistake={mistake}
        purpose={purpose}
        onChange={(body) => onChange({ webhook: { body } })}
      />
    );
  }
  return (
    <Mail
      email={content.email}
      language={language ?? content.email.default_language}
      mistake={mistake}
      purpose={purpose}
      onChange={(email) => onChange({ email })}
      onLanguage={onLanguage}
    />
  );
}
type WriteProps = {
  content: Content;
  /** Which language is written; the mail's own where nothing is said. */
  language: string | undefined;
  mistake: Mistake | undefined;
  /** What the message is for: it says which fields there are. */
  purpose: string;
  onChange: (content: Content) => void;
  onLanguage: (tag: string) => void;
};
