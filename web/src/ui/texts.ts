// Texts of a feature, one catalogue each; a language lacks a text only until it is translated.

type Catalogue<T> = { en: T; hi?: Partial<T> };

const language = (): "en" | "hi" =>
  typeof navigator !== "undefined" && navigator.language.startsWith("hi") ? "hi" : "en";

export function catalogue<T extends Record<string, unknown>>(texts: Catalogue<T>): T {
  return language() === "hi" ? { ...texts.en, ...texts.hi } : texts.en;
}
