// The languages of a mail as tabs; one more begins as a copy.
import { Button, Group, Menu, NativeSelect, Popover, Tabs, Text, TextInput } from "@mantine/core";
import { IconDots, IconPlus } from "@tabler/icons-react";
import { useState } from "react";

import {
  type Email,
  isLanguage,
  languageName,
  LANGUAGES_MAX,
  languagesOf,
  withLanguage,
  withoutLanguage,
} from "./shape";
import { texts } from "./texts";

function AddLanguage({ there, onAdd }: { there: string[]; onAdd: (tag: string) => void }) {
  const [opened, setOpened] = useState(false);
  const [tag, setTag] = useState("");
  const [wrong, setWrong] = useState<string>();
  const add = () => {
    const wanted = tag.trim();
    const known = there.some((one) => one.toLowerCase() === wanted.toLowerCase());
    if (!isLanguage(wanted)) return setWrong(texts.notLanguage);
    if (known) return setWrong(texts.thereAlready);
    onAdd(wanted);
    setOpened(false);
    setTag("");
  };
  return (
    <Popover opened={opened} onChange={setOpened} trapFocus position="bottom-start" shadow="md">
      <Popover.Target>
        <Button
          size="xs"
          variant="subtle"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => setOpened(!opened)}
        >
          {texts.addLanguage}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={texts.addLanguage}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            event.stopPropagation();
            add();
          }}
        >
          <Group align="end" gap={8}>
            <TextInput
              data-autofocus
              size="xs"
              label={texts.languageTag}
              placeholder={texts.languageHint}
              value={tag}
              error={wrong}
              maxLength={35}
              onChange={(event) => {
                setTag(event.currentTarget.value);
                setWrong(undefined);
              }}
            />
            <Button size="xs" type="submit">
              {texts.add}
            </Button>
          </Group>
          <Text size="xs" className="quiet" mt={8}>
            {isLanguage(tag.trim()) && languageName(tag.trim()) !== tag.trim()
              ? languageName(tag.trim())
              : texts.startsAs}
          </Text>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

export function Languages({ email, language, onChange, onLanguage }: LanguagesProps) {
  const all = languagesOf(email);
  const own = language === email.default_language;
  return (
    <>
      <Group gap={4} justify="space-between" align="center">
        <Group gap={4}>
          {all.length > 1 && (
            <Tabs value={language} onChange={(next) => next && onLanguage(next)} variant="pills" aria-label={texts.languages}>
              <Tabs.List>
                {all.map((tag) => (
                  <Tabs.Tab key={tag} value={tag} title={languageName(tag)}>
                    {tag}
                    {tag === email.default_language && ` · ${texts.own}`}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
            </Tabs>
          )}
          {all.length < LANGUAGES_MAX && (
            <AddLanguage
              there={all}
              onAdd={(tag) => {
                onChange(withLanguage(email, tag));
                onLanguage(tag);
              }}
            />
          )}
        </Group>
        {!own && (
          <Menu position="bottom-end" withinPortal>
            <Menu.Target>
              <Button size="xs" variant="subtle" color="gray" aria-label={`${languageName(language)}…`}>
                <IconDots size={16} aria-hidden />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => onChange({ ...email, default_language: language })}>
                {texts.makeOwn}
              </Menu.Item>
              <Menu.Item
                color="red"
                onClick={() => {
                  onLanguage(email.default_language);
                  onChange(withoutLanguage(email, language));
                }}
              >
                {texts.removeLanguage}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </Group>
      {all.length > 1 && (
        <NativeSelect
          size="xs"
          label={texts.others}
          value={email.missing_translation}
          data={[
            { value: "fallback", label: texts.fallback },
            { value: "drop", label: texts.drop },
          ]}
          maw={320}
          onChange={(event) =>
            onChange({
              ...email,
              missing_translation: event.currentTarget.value === "drop" ? "drop" : "fallback",
            })
          }
        />
      )}
    </>
  );
}
type LanguagesProps = {
  email: Email;
  language: string;
  onChange: (email: Email) => void;
  onLanguage: (tag: string) => void;
};
