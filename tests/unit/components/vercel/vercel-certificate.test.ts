import assert from "node:assert/strict";
import { issueProvider, orderProvider } from "../../../../components/vercel/vercel-certificate";
import { DynamicProvider } from "../../../standins/dynamic-provider";
import { VercelStandIn } from "../../../standins/vercel";

const token = "vercel-token-0123456789abcdef";
const inputs = { domains: ["example.com", "www.example.com"], projectId: "prj_1", teamId: "team_1" };
const day = 86_400_000;

describe("Vercel's certificate through Pulumi's dynamic provider", function () {
  this.timeout(60_000);
  const vercel = new VercelStandIn(token, "team_1");
  let orders: DynamicProvider;
  let issues: DynamicProvider;
  let env: Record<string, string>;
  const states: unknown[] = [];

  before(async () => {
    env = { VERCEL_API_URL: await vercel.start(), REST_BACKOFF_MS: "1", REST_TIMEOUT_MS: "1000" };
    orders = await DynamicProvider.start(orderProvider(), { "vercel:apiToken": token }, env);
    issues = await DynamicProvider.start(issueProvider(), { "vercel:apiToken": token }, env);
  });
  after(async () => {
    await orders.stop();
    await issues.stop();
    await vercel.stop();
  });
  beforeEach(() => vercel.reset());

  const order = async (wanted = inputs) => {
    const started = await orders.create(wanted);
    states.push(started.state);
    return started;
  };
  /** What the Route 53 records between the two resources do. */
  const publish = (challenges: unknown) => {
    for (const [domain, value] of Object.entries(challenges as Record<string, string>)) {
      vercel.txt.set(`_acme-challenge.${domain}`, value);
    }
  };
  const issue = async () => {
    const issued = await issues.create(inputs);
    states.push(issued.state);
    return issued;
  };

  it("issues a certificate before DNS points to Vercel, proven by TXT records", async () => {
    const { state } = await order();
    assert.deepEqual(Object.keys(state.challenges as object), inputs.domains);
    publish(state.challenges);
    const { id } = await issue();
    assert.deepEqual(
      vercel.certificates.map((certificate) => [certificate.id, certificate.cns]),
      [[id, inputs.domains]],
    );
    assert.ok(vercel.requests.every((request) => request.includes("teamId=team_1")));
  });

  it("waits until the proof of ownership and the challenge are visible", async () => {
    vercel.ownership.set("www.example.com", "vc-domain-verify=www.example.com,1");
    setTimeout(() => vercel.txt.set("_vercel.www.example.com", "vc-domain-verify=www.example.com,1"), 20);
    const { state } = await order();
    publish(state.challenges);
    vercel.slowness = 3;
    await issue();
    assert.equal(vercel.certificates.length, 1);
  });

  it("has nothing to do while the names are covered, under whatever id", async () => {
    const { id, state } = await order();
    publish(state.challenges);
    const issued = await issue();
    assert.deepEqual(await orders.diff(id, state, inputs), { changes: false, replaces: [] });
    const [certificate] = vercel.certificates.splice(0);
    if (certificate === undefined) throw new Error("none issued");
    for (const cn of inputs.domains) vercel.certificates.push({ ...certificate, id: `cert_renewed_${cn}`, cns: [cn] });
    const old = { ...state, startedAt: Date.now() - 60 * day };
    assert.deepEqual(await orders.diff(id, old, inputs), { changes: false, replaces: [] });
    assert.deepEqual(await issues.diff(issued.id, issued.state, inputs), { changes: false, replaces: [] });
    await issues.delete(issued.id, issued.state);
    assert.equal(vercel.certificates.length, 2, "what Vercel renewed stays its own");
  });

  it("asks for no second certificate where a valid one is there", async () => {
    const { state } = await order();
    publish(state.challenges);
    const first = await issue();
    const again = await order();
    assert.deepEqual(again.state.challenges, {});
    assert.equal((await issue()).id, first.id);
    assert.equal(vercel.certificates.length, 1);
  });

  it("finds the certificate whose issuance was interrupted", async () => {
    publish((await order()).state.challenges);
    vercel.lostAnswers.push(/PATCH \/v3\/certs/);
    const { id } = await issue();
    assert.deepEqual(
      vercel.certificates.map((certificate) => certificate.id),
      [id],
    );
  });

  it("starts anew when the certificate was deleted by hand, has expired or covers other names", async () => {
    const { id, state } = await order();
    publish(state.challenges);
    const issued = await issue();
    const old = { ...state, startedAt: Date.now() - day };
    const changes = async () => [
      await orders.diff(id, old, inputs),
      await issues.diff(issued.id, issued.state, inputs),
    ];
    Object.assign(vercel.certificates[0] ?? {}, { expiresAt: Date.now() + day });
    const replaced = { changes: true, replaces: ["domains"] };
    assert.deepEqual(await changes(), [replaced, replaced]);
    vercel.certificates.length = 0;
    assert.deepEqual(await changes(), [replaced, replaced]);
    const other = { ...inputs, domains: ["example.com"] };
    assert.deepEqual(await issues.diff(issued.id, issued.state, other), replaced);
  });

  it("says what to check when the proof stays invisible, and what to do when the order has expired", async () => {
    await order();
    await assert.rejects(issue(), /_acme-challenge are not visible.*delegated.*CAA.*run the update again/);
    vercel.orders.length = 0;
    await assert.rejects(issue(), /order has expired/);
    assert.equal(vercel.certificates.length, 0);
  });

  it("deletes its certificate, and accepts that it is gone", async () => {
    publish((await order()).state.challenges);
    const { id, state } = await issue();
    await issues.delete(id, state);
    assert.deepEqual(vercel.certificates, []);
    await issues.delete(id, state);
  });

  it("says how to set a missing or refused token, in the preview already", async () => {
    const without = await DynamicProvider.start(orderProvider(), {}, env);
    assert.match(
      (await without.check(inputs)).join(),
      /^apiToken: .*config set --secret vercel:apiToken.*account\/tokens/,
    );
    await without.stop();
    const wrong = await DynamicProvider.start(issueProvider(), {}, { ...env, VERCEL_API_TOKEN: "wrong-token-7a" });
    await assert.rejects(
      wrong.create(inputs),
      /refused the key \(HTTP 403\): Not authorized\. Check that it has not expired/,
    );
    await wrong.stop();
    assert.ok(!wrong.output.includes("wrong-token-7a"));
  });

  it("never writes the token to a state, to the provider's code or to the output", () => {
    const written = JSON.stringify(states) + orders.output + issues.output;
    assert.ok(written.includes("vercel:apiToken"), "states were collected");
    assert.ok(!written.includes(token));
  });
});
