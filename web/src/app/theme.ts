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

export const theme = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 6, dark: 4 },
  autoContrast: true,
  colors: { ink },
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
