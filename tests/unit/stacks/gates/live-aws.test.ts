import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { liveAws } from "../../../../stacks/gates/live-aws";

/** What Route 53 says (docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html), by its code and status. */
const answers: Readonly<Record<string, number>> = { NoSuchHostedZone: 404, AccessDenied: 403 };

describe("the records of a zone, as AWS tells of them", () => {
  let server: Server;
  const kept = { ...process.env };
  before(async () => {
    server = createServer((request, response) => {
      const code = request.url?.split("/")[3] ?? "";
      response
        .writeHead(answers[code] ?? 500, { "content-type": "text/xml" })
        .end(
          `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`,
        );
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    });
  });
  after(() => {
    process.env = kept;
    server.close();
    server.closeAllConnections();
  });

  const records = (zoneId: string) => liveAws("ap-northeast-2").records(zoneId, "a.example");

  it("are none where the zone is lost", async () => assert.deepEqual(await records("NoSuchHostedZone"), []));

  it("are not known where AWS does not say so", () =>
    assert.rejects(records("AccessDenied"), { name: "AccessDenied" }));
});
