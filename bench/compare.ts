// `platform compare` for one stack, as its command runs it.
import { compareCommand } from "../cli/compare";

compareCommand()
  .parseAsync(["--stack", process.argv[2] ?? "prod"], { from: "user" })
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
