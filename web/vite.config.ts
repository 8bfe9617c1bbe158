import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` asks a server at its default address.
const server = "http://127.0.0.1:8470";

export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/api": server, "/sdk": server } },
  build: { target: "es2022", assetsDir: "assets", chunkSizeWarningLimit: 900 },
});
