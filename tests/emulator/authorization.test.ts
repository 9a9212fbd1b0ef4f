import assert from "node:assert/strict";
import type { Use } from "../../core/calls/call";
import { commandCalls } from "../../core/calls/commands";
import { forms, onAll } from "../../core/calls/forms";
import { roleStatements } from "../../core/calls/grants";
import { programCalls } from "../../core/calls/program";
import { providerCalls } from "../../core/calls/provider";
import { runtimeCalls } from "../../core/calls/runtime";
import { Reference } from "../calls/reference";
import { needed } from "../skip";

const uses: readonly Use[] = [
  ...Object.values(providerCalls).flat(),
  ...[...programCalls, ...commandCalls, ...runtimeCalls].flatMap((call) => call.uses),
];
const asked = uses.flatMap(({ forms: on, read, write }) => [...read, ...write].map((action) => ({ action, on })));

/** `ecs:task#own` -> ["ecs", "task"]. */
const typeOf = (form: string): [service: string, type: string] => {
  const [, service = "", type = ""] = /^([\w-]+):([^#]+)/.exec(form) ?? [];
  return [service, type];
};

/** Types that the reference requires of an action in one of its uses, which is none of ours. */
const OTHERS = new RegExp(
  `^(${[
    ...["(listener|listener-rule|loadbalancer)/(net|gwy)/?", "target", "target-group", "container-instance"],
    ...["cluster", "cluster-pg", "shardgrp", "license-configuration"],
  ].join("|")})$`,
);

describe("the table of calls, by AWS's Service Authorization Reference", function () {
  this.timeout(180_000);
  let reference: Reference;

  before(async function () {
    reference = needed(this, await Reference.find());
  });

  const problems = (problem: (one: (typeof asked)[number]) => string | false | undefined) =>
    [...new Set(asked.flatMap((one) => problem(one) || []))].sort();

  it("names only actions that IAM has", () => {
    assert.ok(asked.length > 500);
    assert.deepEqual(
      problems(({ action }) => !reference.typesOf(action) && action),
      [],
    );
  });

  it("names only forms that the service supports for the action", () => {
    const wrong = asked.flatMap(({ action, on }) =>
      on
        .map(typeOf)
        .filter(([service, type]) => service !== action.split(":")[0] || !(type in (reference.typesOf(action) ?? {})))
        .map(([service, type]) => `${action} on ${service}:${type}`),
    );
    assert.deepEqual([...new Set(wrong)], []);
  });

  it("grants on * only what the service knows no form for, or what is documented to want it", () => {
    const wide = problems(
      ({ action, on }) =>
        on.length === 0 && Object.keys(reference.typesOf(action) ?? {}).some(Boolean) && !(action in onAll) && action,
    );
    assert.deepEqual(wide, []);
  });

  it("names every form that an action requires", () => {
    const named = new Map<string, Set<string>>();
    for (const { action, on } of asked) {
      const types = named.get(action) ?? new Set();
      for (const form of on) types.add(typeOf(form)[1]);
      named.set(action, types);
    }
    const lacking = problems(({ action }) => {
      if (action in onAll) return false;
      const required = Object.entries(reference.typesOf(action) ?? {}).filter(([, { required: must }]) => must);
      const missing = required
        .map(([type]) => type)
        .filter((type) => !named.get(action)?.has(type) && !OTHERS.test(type));
      return missing.length > 0 && `${action} wants ${missing.join(", ")}`;
    });
    assert.deepEqual(lacking, []);
  });

  it("writes ARNs as the reference does", () => {
    for (const [form, arns] of Object.entries(forms)) {
      const [service, type] = typeOf(form);
      const arn = reference.resource(service, type)?.arn;
      assert.ok(arn, form);
      const shape = arn
        .replace("${Partition}", "aws")
        .replace(/[.+^()|[\]\\]/g, "\\$&")
        .replace(/\$\{\w+\}/g, ".*");
      for (const own of arns.filter((one) => !/^\{\w+\}$/.test(one)))
        assert.match(own, new RegExp(`^${shape}$`), `${form}: the reference has ${arn}`);
    }
  });

  it("holds grants only by condition keys that the service asks for", () => {
    const scope = {
      ...{ account: ["1"], zone: ["Z1"], project: ["iamvet"], stack: ["prod"], region: ["ap-northeast-2"] },
      ...{ stateBucket: ["state"], releaseBucket: ["releases"], databaseIdentifier: ["db"], instanceId: ["i-0a1b"] },
    };
    const wrong = roleStatements("deploy", scope).flatMap(({ actions, conditions = {} }) =>
      Object.values(conditions)
        .flatMap((keys) => Object.keys(keys))
        .filter((key) => key !== "aws:RequestedRegion")
        .flatMap((key) => actions.filter((action) => !supports(action, key)).map((action) => `${action}: ${key}`)),
    );
    assert.deepEqual(wrong, []);
  });

  /** Whether an action, or a resource type of it, has a condition key; `aws:ResourceTag/Stack` is `aws:ResourceTag/${TagKey}` there. */
  function supports(action: string, key: string): boolean {
    const [service = ""] = action.split(":");
    const types = Object.entries(reference.typesOf(action) ?? {});
    const keys = types.flatMap(([type, { condition_keys: own }]) => [
      ...own,
      ...(reference.resource(service, type)?.condition_keys ?? []),
    ]);
    const plain = (text: string) => text.replace(/\/.*$/, "").toLowerCase();
    return keys.some((one) => plain(one) === plain(key));
  }
});
