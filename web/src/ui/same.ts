/** Documents are the same however their fields are ordered; a field that is undefined is not there. */
export const same = (one: unknown, other: unknown): boolean => ordered(one) === ordered(other);

const ordered = (document: unknown): string | undefined =>
  JSON.stringify(document, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
