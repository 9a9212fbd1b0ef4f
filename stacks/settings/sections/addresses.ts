import { z } from "zod";
import { choice, help, host, range, text, whole } from "../settings-fields";

export const domainSettings = help(
  z.strictObject({
    name: host("The site's name; its URL is https://<name>."),
    zoneName: host("The Route 53 zone that holds the name. @default the name itself").optional(),
    zone: choice(
      ["existing", "new"],
      "Whether the hosted zone exists. A new one stops the first update until it is delegated.",
    ).default("existing"),
    redirectFrom: z.array(host("A further name that redirects to the site.")).default([]),
    record: choice(
      ["A", "CNAME"],
      "Type of the site's record. CNAME only for a subdomain that Vercel alone serves, now and later.",
    ).default("A"),
    ttl: whole(30, 300, "Seconds that resolvers may hold the site's address; a flip waits that long.", 60).default(60),
  }),
  "Where the site is found.",
  "an object with at least name",
  '{"name": "iamvet.kr"}',
);

export const networkSettings = z
  .strictObject({
    vpc: text(
      /^(default|new|vpc-[0-9a-f]{8,17})$/,
      "The VPC. Changing it later would move the database: choose before the first update.",
      "default, new, or the id of an existing VPC",
      "default",
    ).default("default"),
    subnetIds: z
      .array(text(/^subnet-[0-9a-f]{8,17}$/, "A public subnet of the existing VPC.", "a subnet id", "subnet-0a1b2c3d"))
      .default([]),
    // Smaller ones would leave subnets too small for a load balancer, which wants a /27.
    cidr: range(
      "Address range of a new VPC.",
      "a private IPv4 range from /16 to /23, written by its first address",
      "10.20.0.0/16",
      (cidr) => /^(10\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.).*\/(1[6-9]|2[0-3])$/.test(cidr),
    ).default("10.20.0.0/16"),
    zones: whole(2, 4, "Availability zones that a new VPC spans.", 2).default(2),
  })
  .prefault({})
  .describe("The VPC. Choose before the first update: the database cannot move.");
