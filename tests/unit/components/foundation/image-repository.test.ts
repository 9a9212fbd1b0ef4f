import assert from "node:assert/strict";
import { lifecycleRules } from "../../../../components/foundation/image-repository";

interface Manifest {
  readonly digest: string;
  readonly tag?: string;
  readonly pushedAt: number;
  /** Digests that an index refers to. */
  readonly refersTo?: readonly string[];
}

interface Rule {
  readonly rulePriority: number;
  readonly selection: {
    readonly tagStatus: "tagged" | "untagged" | "any";
    readonly tagPatternList?: readonly string[];
    readonly countType: "imageCountMoreThan" | "sinceImagePushed";
    readonly countNumber: number;
  };
}

const DAY = 86_400_000;
const matches = (pattern: string, tag: string) =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`).test(tag);

/** Whether an image meets a rule's tagging requirements: all patterns are matched by its tags. */
const claims = ({ selection: { tagStatus, tagPatternList = [] } }: Rule, { tag }: Manifest) =>
  tagStatus === "any" ||
  (tagStatus === "tagged" ? tag !== undefined && tagPatternList.every((one) => matches(one, tag)) : tag === undefined);

/**
 * One run of ECR's evaluator, by its documented rules
 * (https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html, "Lifecycle policy evaluation rules"): each rule
 * counts all images that it selects, also those that a rule before it marked, oldest last by the time of the push; an image belongs to
 * the first rule whose tags it meets; what a manifest list refers to stays until the list is deleted.
 */
function run(rules: readonly Rule[], images: readonly Manifest[], now: number): readonly Manifest[] {
  const referred = new Set(images.flatMap(({ refersTo = [] }) => refersTo));
  const expired = new Set<Manifest>();
  const ordered = [...rules].sort((a, b) => a.rulePriority - b.rulePriority);
  for (const rule of ordered) {
    const { countType, countNumber } = rule.selection;
    const selected = images.filter((image) => claims(rule, image)).sort((a, b) => b.pushedAt - a.pushedAt);
    const marked =
      countType === "imageCountMoreThan"
        ? selected.slice(countNumber)
        : selected.filter(({ pushedAt }) => now - pushedAt > countNumber * DAY);
    const own = marked.filter((image) => ordered.find((first) => claims(first, image)) === rule);
    for (const image of own) if (!referred.has(image.digest)) expired.add(image);
  }
  return images.filter((image) => !expired.has(image));
}

/** What remains after some days without a push, as the evaluator runs within 24 hours. */
function remaining(rules: readonly object[], images: readonly Manifest[], now: number): readonly Manifest[] {
  let left = images;
  for (let day = 0; day < 5; day++) left = run(rules as readonly Rule[], left, now + day * DAY);
  return left;
}

/** What one `docker buildx build --push` leaves: images and attestations without a tag, then the index that has it. */
function push(tag: string, pushedAt: number, platforms: number): Manifest[] {
  const parts = Array.from({ length: platforms * 2 }, (_, i) => ({ digest: `${tag}/${i}`, pushedAt: pushedAt + i }));
  const refersTo = parts.map(({ digest }) => digest);
  return [...parts, { digest: tag, tag, pushedAt: pushedAt + parts.length, refersTo }];
}

const pushes = (count: number, platforms = 1) =>
  Array.from({ length: count }, (_, i) => push(`v${i + 1}`, i * DAY, platforms)).flat();
const tags = (images: readonly Manifest[]) => images.flatMap(({ tag }) => tag ?? []);
/** Tags whose image cannot be pulled, as a part of it is gone. */
const broken = (images: readonly Manifest[]) => {
  const there = new Set(images.map(({ digest }) => digest));
  return images.filter(({ refersTo = [] }) => refersTo.some((digest) => !there.has(digest)));
};

describe("the lifecycle of the image repository", () => {
  for (const platforms of [1, 2]) {
    it(`keeps 30 releases of ${platforms} platform(s) whole, and nothing of the others`, () => {
      const left = remaining(lifecycleRules(30), pushes(45, platforms), 45 * DAY);
      assert.deepEqual(tags(left), tags(pushes(45)).slice(-30));
      assert.deepEqual(broken(left), []);
      assert.equal(left.length, 30 * (platforms * 2 + 1));
    });
  }

  it("would keep 10 of them if it counted manifests", () => {
    const selection = { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 30 };
    const left = remaining([{ rulePriority: 1, selection, action: { type: "expire" } }], pushes(45), 45 * DAY);
    assert.equal(tags(left).length, 10);
  });

  it("keeps the release that runs, however many were pushed since", () => {
    const left = remaining(lifecycleRules(30, "v3"), pushes(45), 45 * DAY);
    assert.deepEqual(tags(left), ["v3", ...tags(pushes(45)).slice(-30)]);
    assert.deepEqual(broken(left), []);
  });

  it("removes a push that was cut off before its index, a day later", () => {
    const half = push("half", 45 * DAY, 1).filter(({ tag }) => tag === undefined);
    const images = [...pushes(2), ...half];
    assert.equal(run(lifecycleRules(30) as Rule[], images, 45.5 * DAY).length, images.length);
    assert.deepEqual(remaining(lifecycleRules(30), images, 45.5 * DAY), pushes(2));
  });

  it("is what ECR takes: priorities of their own, patterns for tagged images alone, one rule for untagged ones", () => {
    const rules = lifecycleRules(30, "v3") as Rule[];
    assert.deepEqual(
      rules.map(({ rulePriority, selection }) => [rulePriority, selection.tagStatus, selection.tagPatternList?.join()]),
      [
        [1, "tagged", "v3"],
        [2, "tagged", "*"],
        [3, "untagged", undefined],
      ],
    );
  });
});
