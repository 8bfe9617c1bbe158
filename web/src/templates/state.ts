// The state of a template's page in the URL: the language that is written, and whom it is looked at for.
import type { Channel } from "../content/shape";
import { isLanguage } from "../content/shape";
import { isPersonId } from "../filters/who";

export type TemplateSearch = { channel?: Channel; language?: string; person?: string };

export function readTemplate(search: Record<string, unknown>): TemplateSearch {
  const { channel, language, person } = search;
  return {
    ...(channel === "webhook" ? { channel } : {}),
    ...(typeof language === "string" && isLanguage(language) ? { language } : {}),
    ...(typeof person === "string" && isPersonId(person) ? { person } : {}),
  };
}
