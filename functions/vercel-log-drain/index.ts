import { drain } from "./drain";

/** Entry point of the Lambda function. Environment: TOKEN_SHA256, VERIFICATION_CODE. */
export const handler = drain({
  tokenSha256: process.env.TOKEN_SHA256,
  verificationCode: process.env.VERIFICATION_CODE ?? "",
  // Not console.log, which would wrap the line in an object of its own.
  write: (line) => void process.stdout.write(`${line}\n`),
});
