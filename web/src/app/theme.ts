import { createTheme, type MantineColorsTuple } from "@mantine/core";

// One accent; series colours are chosen in charts/colours.ts.
const ink: MantineColorsTuple = [
  "#eaf2fb",
  "#d3e2f3",
  "#a5c4e6",
  "#74a4d9",
  "#4d89ce",
  "#3478c7",
  "#1f5fa8",
  "#1a528f",
  "#12457c",
  "#073967",
];

// The greys of the dark scheme, those of app.css: text, borders, inputs, cards, page.
const dark: MantineColorsTuple = [
  "#e8ebf0",
  "#c3c9d2",
  "#a3adba",
  "#7d8795",
  "#3a414c",
  "#2b3038",
  "#1f242c",
  "#1b1f26",
  "#14171c",
  "#0f1216",
];

// Dangerous acts: white words stand out on it in both schemes.
const red: MantineColorsTuple = [
  "#fdecea",
  "#f9d3cf",
  "#f2a69e",
  "#e8776c",
  "#d94f43",
  "#c4372c",
  "#b42318",
  "#9c1d13",
  "#84170f",
  "#6b120b",
];

export const theme = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 6, dark: 5 },
  autoContrast: true,
  colors: { ink, dark, red },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, monospace',
  fontSizes: { xs: "12px", sm: "14px", md: "14px", lg: "16px", xl: "20px" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  headings: {
    fontWeight: "600",
    sizes: { h1: { fontSize: "20px" }, h2: { fontSize: "16px" }, h3: { fontSize: "14px" } },
  },
  defaultRadius: 8,
  cursorType: "pointer",
  respectReducedMotion: true,
});
