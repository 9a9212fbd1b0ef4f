// The host of policy packs compiles TypeScript with a compiler of its own, whatever PulumiPolicy.yaml says; tsx takes over here.
require("tsx/cjs/api").register();
require("./index.ts");
