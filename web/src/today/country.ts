const names = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });

/** The name of a country's two-letter code; what is not one stays as it is. */
export const countryName = (code: string): string =>
  /^[A-Z]{2}$/.test(code) ? (names.of(code) ?? code) : code;
