import type { NextConfig } from "next";

const config: NextConfig = {
  // One folder with a server and only the modules that it needs: what the image and the release archive contain.
  output: "standalone",
  // Two releases serve at once during a deploy: a browser of the old one is told to load the new pages anew. With skew protection
  // Vercel's build brings its own name for the deployment, and ends where the config has another.
  deploymentId: process.env.NEXT_DEPLOYMENT_ID ? undefined : process.env.SITE_VERSION,
  // What the build of an image or an archive is given, in place of an environment; Vercel's build has its own.
  env: JSON.parse(process.env.SITE_PUBLIC || "{}"),
  // No page is cached on disk, so several instances need no shared cache, and the root file system can be read-only.
  cacheMaxMemorySize: 16 * 1024 * 1024,
  poweredByHeader: false,
  outputFileTracingRoot: __dirname,
  async headers() {
    return [
      {
        source: "/:path*",
        headers: [
          { key: "X-Content-Type-Options", value: "nosniff" },
          { key: "X-Frame-Options", value: "DENY" },
          { key: "Referrer-Policy", value: "strict-origin-when-cross-origin" },
        ],
      },
    ];
  },
};

export default config;
